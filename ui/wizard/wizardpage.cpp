#include "ui/wizard/wizardpage.h"

#include "ui/look/buttonwords.h"
#include "ui/look/quietlabel.h"
#include "ui/look/table.h"

#include <QComboBox>
#include <QEvent>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace sixgate
{

WizardPage::WizardPage(SetupPage page, const QString &title, const QString &about, WizardState &shared, QWidget *parent)
    : QWidget(parent), m_page(page), m_title(title), m_state(shared), m_body(new QVBoxLayout(this))
{
    setObjectName(setupPageName(page));
    setAccessibleName(title);
    auto *heading = new QLabel(title, this);
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.45);
    big.setWeight(QFont::DemiBold);
    heading->setFont(big);
    m_body->setContentsMargins(24, 24, 24, 16);
    m_body->setSpacing(12);
    m_body->addWidget(heading);
    if (!about.isEmpty())
        m_body->addWidget(words(about, true));
}

namespace
{

/// What can have the focus, in the order of the layouts.
void collect(QLayout &layout, std::vector<QWidget *> &all)
{
    for (int i = 0; i < layout.count(); ++i) {
        QLayoutItem *item = layout.itemAt(i);
        if (QLayout *inner = item->layout())
            collect(*inner, all);
        QWidget *one = item->widget();
        if (!one)
            continue;
        if (one->focusPolicy() & Qt::TabFocus)
            all.push_back(one);
        if (one->layout())
            collect(*one->layout(), all);
    }
}

} // namespace

std::vector<QWidget *> WizardPage::orderTabs()
{
    std::vector<QWidget *> all;
    collect(*m_body, all);
    for (std::size_t i = 1; i < all.size(); ++i)
        setTabOrder(all[i - 1], all[i]);
    return all;
}

QWidget *WizardPage::addCard(QLayout *content)
{
    auto *card = new Card(this);
    auto *inside = new QWidget;
    content->setContentsMargins(0, 0, 0, 0);
    inside->setLayout(content);
    card->hold(inside, 16);
    // Fields on a card have their own ground.
    inside->setPalette(QPalette());
    m_body->addWidget(card);
    makeRoomy(*card);
    return card;
}

void WizardPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange)
        return;
    makeRoomy(*this);
    // What is on the page hears of it after the page.
    QMetaObject::invokeMethod(
        this, [this] { restyle(); }, Qt::QueuedConnection);
}

void makeRoomy(QWidget &parent)
{
    const QFontMetrics metrics = parent.fontMetrics();
    for (QPushButton *one : parent.findChildren<QPushButton *>())
        one->setMinimumSize(metrics.horizontalAdvance(one->text()) + 32, metrics.height() + 14);
    for (QLineEdit *one : parent.findChildren<QLineEdit *>())
        one->setMinimumHeight(metrics.height() + 12);
    for (QComboBox *one : parent.findChildren<QComboBox *>())
        one->setMinimumHeight(metrics.height() + 12);
}

QFormLayout *wizardForm()
{
    auto *form = new QFormLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(8);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    form->setRowWrapPolicy(QFormLayout::DontWrapRows);
    return form;
}

QFormLayout *WizardPage::addForm()
{
    auto *form = wizardForm();
    addCard(form);
    return form;
}

QLineEdit *WizardPage::addField(QFormLayout *form, const QString &label, const QString &name,
                                std::function<QString &(SetupAnswers &)> answer, const QString &example)
{
    auto *field = new QLineEdit;
    field->setObjectName(name);
    field->setPlaceholderText(example);
    field->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    form->addRow(label, field);
    const auto show = [this, field, answer] {
        SetupAnswers now = answers();
        const QString &text = answer(now);
        if (field->text() != text)
            field->setText(text);
    };
    show();
    connect(&state(), &WizardState::changed, field, show);
    connect(field, &QLineEdit::textEdited, this,
            [this, answer](const QString &text) { state().set([&](SetupAnswers &now) { answer(now) = text; }); });
    return field;
}

QLabel *WizardPage::words(const QString &text, bool quiet)
{
    QLabel *label = quiet ? new QuietLabel(text) : new QLabel(text);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    return label;
}

QString WizardPage::failureText(const Error &error)
{
    QStringList lines;
    if (!error.detail.isEmpty())
        lines << error.detail;
    if (!error.fix.isEmpty())
        lines << QStringLiteral("→ ") + buttonWords(error.fix, ToldIn::Setup);
    return lines.join(QLatin1Char('\n'));
}

void WizardPage::tell(StatusLine &line, const Error &error)
{
    if (error.code == ErrorCode::Cancelled)
        line.show(OverviewState::Paused, tr("Stopped."));
    else
        line.show(OverviewState::Broken, error.summary, failureText(error));
}

void fitRows(QTableWidget &table, int most)
{
    layOut(table);
    QPalette own = table.palette();
    own.setColor(QPalette::Base, Qt::transparent);
    table.setPalette(own);
    const int row = heightOfRow(table);
    for (int i = 0; i < table.rowCount(); ++i)
        table.setRowHeight(i, row);
    const int rows = std::clamp(table.rowCount(), 1, most);
    table.setFixedHeight(table.horizontalHeader()->sizeHint().height() + rows * row + 4);
}

} // namespace sixgate
