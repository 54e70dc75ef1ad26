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

protected:
    void changeEvent(QEvent *event) override;

private:
    std::vector<NameGlance> m_names;
};

} // namespace sixgate
