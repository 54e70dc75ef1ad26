#pragma once

#include "model/keepersnapshot.h"
#include "ui/details/sitelook.h"
#include "ui/plan/jobpanel.h"

#include <QWidget>

class QFormLayout;
class QLabel;
class QPushButton;
class QStackedWidget;

namespace sixgate
{

class Card;
class DetailPage;
class NewVpsForm;
class RunsPage;

/// What is known of the VPS, as lines "what: value".
std::vector<std::pair<QString, QString>> vpsFacts(const Vps &vps, const SiteLook &look, const QDateTime &now);
/// What of it is not as wanted, in a sentence.
QString driftText(const SiteLook &look);

/// That a move has not ended, in a sentence: what is still to be done. `now` decides whether resolvers still lead
/// visitors to the machine before.
QString moveText(const OpenMove &move, const QDateTime &now);

/// The VPS: facts, what is deployed, what is not as wanted; redeploy, one step back, another machine.
class VpsPage : public QWidget
{
    Q_OBJECT

public:
    /// `site`, `jobs`: null where there is no site yet.
    VpsPage(std::shared_ptr<const Site> site, std::shared_ptr<SiteJobs> jobs, QWidget *parent = nullptr);

    void show(const SiteLook &look);
    /// Another VPS of the same site.
    void setSite(std::shared_ptr<const Site> site);
    using QWidget::show;
    /// Something is being changed on the VPS.
    bool isWorking() const;
    void cancelWork();
    /// Back to the facts, from what does not run.
    void leave();
    /// The pushes, as the keeper has them.
    void showPushes(const SharedSnapshot &snapshot, const QString &empty);
    void redeploy();
    /// Sets the records alone, as redeploy() does both.
    void setRecords();
    void rollBack();
    void replace();
    /// Goes on with a move that has not ended: up to the cleaning of the machine before.
    void endMove();
    void giveUpOld();
    void showRuns();
    JobPanel *panel() { return m_panel; }

Q_SIGNALS:
    void looksAgain();
    /// Something was, or may have been changed.
    void changed();

private:
    QWidget *makeHome();
    QWidget *makeMoveCard();
    void showMove(const std::optional<OpenMove> &move);
    void begin(const JobOrder &order, const JobWords &words);
    void goHome();

    std::shared_ptr<const Site> m_site;
    QStackedWidget *m_stack;
    QWidget *m_home = nullptr;
    Card *m_card = nullptr;
    QFormLayout *m_facts = nullptr;
    std::vector<std::pair<QString, QString>> m_shown; ///< the facts
    QLabel *m_drift = nullptr;
    QWidget *m_moveCard = nullptr; ///< only while a move is open
    QLabel *m_moveSays = nullptr;
    QPushButton *m_endsMove = nullptr;
    std::optional<OpenMove> m_move;
    DetailPage *m_pushes = nullptr;
    QPushButton *m_back;
    QPushButton *m_again = nullptr;
    std::vector<QPushButton *> m_buttons;
    NewVpsForm *m_form = nullptr;
    JobPanel *m_panel = nullptr;
    RunsPage *m_runs = nullptr;
};

} // namespace sixgate
