#pragma once

#include "ui/look/card.h"
#include "ui/wizard/statusline.h"
#include "ui/wizard/wizardstate.h"

#include <QWidget>

class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QTableWidget;
class QVBoxLayout;

namespace sixgate
{

/// One page of the wizard: a title, a sentence or two, and cards.
class WizardPage : public QWidget
{
    Q_OBJECT

public:
    WizardPage(SetupPage page, const QString &title, const QString &about, WizardState &state,
               QWidget *parent = nullptr);

    SetupPage page() const { return m_page; }
    QString title() const { return m_title; }

    /// It is shown: fills itself in, and begins to look for what can be found.
    virtual void enter() {}
    /// Tab goes through it as it is read, also through what was made later. Gives all that can have the focus.
    std::vector<QWidget *> orderTabs();
    /// It is left: what goes on here ends.
    virtual void leave() {}
    /// What is missing before the next page, beside the gaps of the answers; `field`: where.
    virtual std::optional<SetupGap> missing() const { return std::nullopt; }
    /// A gap of the answers that goesOn() closes.
    virtual bool settles(const SetupGap &) const { return false; }
    /// What the button of the next page says; empty: as usual.
    virtual QString nextText() const { return {}; }
    virtual bool mayGoOn() const { return true; }
    virtual bool mayGoBack() const { return true; }
    /// The button of the next page was pressed; false: this page does something first.
    virtual bool goesOn() { return true; }

Q_SIGNALS:
    /// To the next page: what the page did for that has ended.
    void goOn();
    /// What was pressed here went well: there is nothing more to do but to go on.
    void done();
    /// There are other things on it.
    void rebuilt();
    /// nextText() and the like have changed.
    void buttons();

protected:
    void changeEvent(QEvent *event) override;
    /// What is drawn by the palette's colours, or measured by the font, is made again.
    virtual void restyle() {}
    WizardState &state() const { return m_state; }
    const SetupAnswers &answers() const { return m_state.answers(); }
    QVBoxLayout *body() const { return m_body; }
    /// A card in the body.
    QWidget *addCard(QLayout *content);
    QFormLayout *addForm();
    /// A field that keeps one answer; its label has the mnemonic.
    QLineEdit *addField(QFormLayout *form, const QString &label, const QString &name,
                        std::function<QString &(SetupAnswers &)> answer, const QString &example = {});
    /// A paragraph that wraps.
    static QLabel *words(const QString &text, bool quiet = false);
    static QString failureText(const Error &error);
    /// Shows what failed; nothing for what was stopped.
    static void tell(StatusLine &line, const Error &error);

private:
    SetupPage m_page;
    QString m_title;
    WizardState &m_state;
    QVBoxLayout *m_body;
};

/// Fields and buttons below `parent` get room around their text.
void makeRoomy(QWidget &parent);
/// A form that looks the same on all pages.
QFormLayout *wizardForm();
/// A table's height for its rows, at most `most` of them.
void fitRows(QTableWidget &table, int most);

} // namespace sixgate
