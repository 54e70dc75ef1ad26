#pragma once

#include "ui/details/detailpage.h"

#include <QTimer>

class QFormLayout;
class QPushButton;

namespace sixgate
{

class Card;

/// The records as they are wanted, as the authoritative servers have them, and as this computer's resolver knows them,
/// with the time that it still does; below, what each DNS account said to the last change.
class DnsPage : public DetailPage
{
    Q_OBJECT

public:
    explicit DnsPage(QWidget *parent = nullptr);
    /// `site`: null where there is none. `empty`: why there is nothing to show.
    void show(const Site *site, const SharedSnapshot &snapshot, const SiteLook &look, const QString &empty);

Q_SIGNALS:
    void looksAgain();

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void fillRecords();
    void fillAnswers(const Site *site);

    SharedSnapshot m_snapshot;
    SiteLook m_look;
    QString m_empty;
    QLabel *m_seen;
    QPushButton *m_again;
    Card *m_card;
    QFormLayout *m_answers;
    QTimer m_tick; ///< while the time that is left can be seen
};

/// What this computer's resolver says: "as wanted, 41 s left" ("0 s left": it asks anew), or other values, or that it
/// does not tell. `since`: how long ago it was asked.
QString resolverText(const std::vector<QString> &wanted, const ResolverSeen *seen, std::chrono::seconds since);
/// "took the last change today at 04:12", "refused the last change …".
QString answerText(const AccountAnswer *answer, const QDateTime &now);

} // namespace sixgate
