#pragma once

#include "model/overview.h"

#include <QTableWidget>

namespace sixgate
{

/// The public names, a row each, with their four paths.
class NameTable : public QTableWidget
{
    Q_OBJECT

public:
    explicit NameTable(QWidget *parent = nullptr);
    void show(const std::vector<NameGlance> &names);
    /// "58 days left", by public name; of those that are not in it nothing is shown.
    void setCertificates(std::map<QString, QString> days);

protected:
    void changeEvent(QEvent *event) override;

private:
    QString certificateText(const NameGlance &name) const;

    std::vector<NameGlance> m_names;
    std::map<QString, QString> m_days;
};

} // namespace sixgate
