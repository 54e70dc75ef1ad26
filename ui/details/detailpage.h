#pragma once

#include "model/keepersnapshot.h"
#include "ui/details/sitelook.h"

#include <QWidget>

class QLabel;
class QTableWidget;
class QVBoxLayout;

namespace sixgate
{

/// One line of a page: a mark, and a text for each column.
struct DetailRow {
    PathState state = PathState::Unknown;
    QStringList cells;
    QString tip; ///< the whole story; may be empty
};

/// A page with a title, a sentence about what is shown, and a table; where there is no row, a sentence why.
class DetailPage : public QWidget
{
    Q_OBJECT

public:
    DetailPage(const QString &title, const QString &about, const QStringList &columns, QWidget *parent = nullptr);
    void show(const std::vector<DetailRow> &rows, const QString &empty);
    /// Between the sentence and the table, and below the table.
    void addAbove(QWidget *widget);
    void addBelow(QWidget *widget);

protected:
    void changeEvent(QEvent *event) override;

private:
    void fill();
    QVBoxLayout *m_above;

    QLabel *m_title;
    QLabel *m_empty;
    QTableWidget *m_table;
    std::vector<DetailRow> m_rows;
};

/// The records: wanted, as the authoritative servers have them, how long resolvers keep them, and what this computer's
/// resolver knows, at `now`. Of a look, or, where there was none yet, as the keeper saw them.
std::vector<DetailRow> recordRows(const KeeperSnapshot *snapshot, const SiteLook &look, const QDateTime &now);
/// The public names: home server and port, days left of the certificate, how it is got, the paths.
std::vector<DetailRow> serviceRows(const Site &site, const Overview &overview, const SiteLook &look,
                                   const QDateTime &now);
/// The pushes to the VPS.
std::vector<DetailRow> pushRows(const KeeperSnapshot &snapshot);

} // namespace sixgate
