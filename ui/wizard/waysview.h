#pragma once

#include "ui/wizard/statusline.h"
#include "ui/wizard/wizardstate.h"

class QComboBox;
class QLabel;
class QPlainTextEdit;

namespace sixgate
{

/// How the certificates of the VPS are got: what is to be done for each way, whether it is done, and what the home's
/// web server is to be told.
class WaysView : public QWidget
{
    Q_OBJECT

public:
    explicit WaysView(WizardState &shared, QWidget *parent = nullptr);

    /// The words for the ways that are chosen now.
    void tell();
    /// Looks whether they are there, where anything is to be seen.
    void look();
    void stop() { m_task.stop(); }
    bool isRunning() const { return m_task.isRunning(); }
    /// It was looked at as it is chosen now.
    bool isKnown() const { return m_seen && !m_task.isRunning() && *m_seen == asked(); }
    /// And something is not there.
    bool isBad() const { return m_bad; }

Q_SIGNALS:
    /// isKnown() or isBad() is another one.
    void changed();

private:
    /// What the answer depends on.
    SetupAnswers asked() const;
    void show(const std::vector<SetupWay> &ways);

    WizardState &m_state;
    QLabel *m_words;
    StatusLine *m_status;
    QWidget *m_snippet;
    QComboBox *m_server;
    QPlainTextEdit *m_text;
    Task m_task;
    std::optional<SetupAnswers> m_seen;
    bool m_bad = false;
};

} // namespace sixgate
