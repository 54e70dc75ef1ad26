#pragma once

#include <QLabel>

namespace sixgate
{

/// Text of less weight, as readable as any on page and card: see Colours::quiet.
class QuietLabel : public QLabel
{
    Q_OBJECT

public:
    explicit QuietLabel(const QString &text = {}, QWidget *parent = nullptr);

protected:
    void changeEvent(QEvent *event) override;

private:
    void tone();
};

} // namespace sixgate
