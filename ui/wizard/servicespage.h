#pragma once

#include "ui/wizard/waysview.h"
#include "ui/wizard/wizardpage.h"

namespace sixgate
{

/// The services: names, port at home, how the VPS gets its certificates; the home's own certificate is looked at.
class SetupServicesPage : public WizardPage
{
    Q_OBJECT

public:
    explicit SetupServicesPage(WizardState &state, QWidget *parent = nullptr);
    void enter() override;
    void leave() override;
    QString nextText() const override;
    bool goesOn() override;

private:
    void makeRows();
    void addRow(int i);
    void look();
    /// Goes on where that was wanted, once all is known.
    void goOnIfKnown();
    bool isKnown() const;
    void showCertificate(const SetupCertificate &seen);

    QVBoxLayout *m_rowsPlace;
    QWidget *m_rows = nullptr;
    int m_made = -1;
    WaysView *m_ways;
    StatusLine *m_status;
    QPushButton *m_again;
    QPushButton *m_pin;
    QString m_pinKey;
    Task m_task;
    std::optional<SetupAnswers> m_seen; ///< the certificate was looked at with these answers
    bool m_bad = false;                 ///< and is not good
    bool m_thenOn = false;              ///< once all is known
};

} // namespace sixgate
