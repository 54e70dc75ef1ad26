#pragma once

#include <QListWidget>

namespace sixgate
{

/// The pages' titles at the left of the window.
class PageList : public QListWidget
{
    Q_OBJECT

public:
    explicit PageList(QWidget *parent = nullptr);
    void add(const QString &title);
    /// Wide enough for the longest title.
    QSize sizeHint() const override;

protected:
    void changeEvent(QEvent *event) override;

private:
    void size();
};

} // namespace sixgate
