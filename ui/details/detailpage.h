#pragma once

#include "model/keepersnapshot.h"

#include <QWidget>

class QLabel;
class QTableWidget;

namespace sixgate
{

/// One thing that is kept, as a row of a page.
struct DetailRow {
    QString name;
    QString value;
    PathState state = PathState::Unknown;
    QString why; ///< what is wrong with it
    QDateTime at;
};

/// A page with a title, a sentence about what is shown, and a table; where there is no row, a sentence why.
class DetailPage : public QWidget
{
    Q_OBJECT

public:
    DetailPage(const QString &title, const QString &about, const QStringList &columns, QWidget *parent = nullptr);
    void show(const std::vector<DetailRow> &rows, const QString &empty);

protected:
    void changeEvent(QEvent *event) override;

private:
    void fill();

    QLabel *m_title;
    QLabel *m_empty;
    QTableWidget *m_table;
    std::vector<DetailRow> m_rows;
};

/// The records as they are kept, and the pushes to the VPS.
std::vector<DetailRow> recordRows(const KeeperSnapshot &snapshot);
std::vector<DetailRow> pushRows(const KeeperSnapshot &snapshot);

} // namespace sixgate
