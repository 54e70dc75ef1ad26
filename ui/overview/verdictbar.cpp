#include "ui/overview/verdictbar.h"

#include "ui/look/marks.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace sixgate
{

namespace
{

constexpr int edge = 24; // three steps of the grid

QString buttonText(OverviewButton button, bool atRouter = false)
{
    switch (button) {
    case OverviewButton::Show:
        return atRouter ? VerdictBar::tr("S&how me where") : VerdictBar::tr("S&how me how");
    case OverviewButton::Resume:
        return VerdictBar::tr("&Resume");
    case OverviewButton::Redeploy:
        return VerdictBar::tr("Re&deploy VPS…");
    case OverviewButton::Records:
        return VerdictBar::tr("&Set the records…");
    case OverviewButton::SetUp:
        return VerdictBar::tr("&Set up…");
    case OverviewButton::None:
    case OverviewButton::Check:
        break;
    }
    return VerdictBar::tr("Check &now");
}

} // namespace

VerdictBar::VerdictBar(QWidget *parent)
    : QFrame(parent), m_sentence(new QLabel(this)), m_detail(new QLabel(this)), m_again(new QPushButton(this)),
      m_button(new QPushButton(this))
{
    setObjectName(QStringLiteral("verdict"));
    for (QLabel *one : {m_sentence, m_detail}) {
        one->setWordWrap(true);
        one->setTextFormat(Qt::PlainText);
        one->setTextInteractionFlags(Qt::TextSelectableByMouse);
        one->setFocusPolicy(Qt::NoFocus);
    }
    m_sentence->setObjectName(QStringLiteral("sentence"));
    m_detail->setObjectName(QStringLiteral("detail"));
    m_button->setObjectName(QStringLiteral("next"));
    m_again->setObjectName(QStringLiteral("again"));
    m_again->hide();
    auto *words = new QVBoxLayout;
    words->setSpacing(4);
    words->addStretch();
    words->addWidget(m_sentence);
    words->addWidget(m_detail);
    words->addStretch();
    auto *all = new QHBoxLayout(this);
    all->setContentsMargins(edge + m_mark + 16, 16, edge, 16);
    all->setSpacing(16);
    all->addLayout(words, 1);
    auto *buttons = new QVBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(m_button);
    buttons->addWidget(m_again);
    buttons->addStretch();
    all->addLayout(buttons);
    setMinimumHeight(m_mark + 2 * 16 + 8);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    connect(m_button, &QPushButton::clicked, this, [this] { Q_EMIT pressed(m_what); });
    connect(m_again, &QPushButton::clicked, this, [this] { Q_EMIT pressed(OverviewButton::Check); });
    setFonts();
}

void VerdictBar::focusButton()
{
    m_button->setFocus(Qt::OtherFocusReason);
}

void VerdictBar::show(const Overview &overview, const QString &detail)
{
    m_state = overview.state;
    m_what = overview.button;
    m_sentence->setText(overview.sentence);
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
    m_button->setVisible(m_what != OverviewButton::None);
    const bool checks = m_what == OverviewButton::Check;
    m_button->setText(buttonText(m_what, overview.root && overview.root->remedy.place == QLatin1String("router")));
    m_again->setText(buttonText(OverviewButton::Check));
    // The one of the two that checks says that it does.
    QPushButton *check = checks ? m_button : m_again;
    if (overview.looking)
        check->setText(tr("Looking …"));
    m_again->setVisible(!checks && m_what != OverviewButton::None && m_what != OverviewButton::Resume);
    setProperty("looking", overview.looking);
    setFonts();
    const bool isNews = accessibleName() != overview.sentence;
    setAccessibleName(overview.sentence);
    setAccessibleDescription(detail);
    // Who cannot see is told as well.
    if (isNews && isVisible()) {
        QAccessibleEvent told(this, QAccessible::Alert);
        QAccessible::updateAccessibility(&told);
    }
    update();
}

void VerdictBar::paintEvent(QPaintEvent *)
{
    const Colours colours = Colours::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colours.tint(m_state).darker(colours.dark ? 80 : 106), 1));
    painter.setBrush(colours.tint(m_state));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    paintMark(painter, QRectF(edge, (height() - m_mark) / 2.0, m_mark, m_mark), m_state, colours);
}

void VerdictBar::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::FontChange)
        setFonts();
    QFrame::changeEvent(event);
}

void VerdictBar::setFonts()
{
    int width = fontMetrics().horizontalAdvance(tr("Check &now"));
    for (const QPushButton *one : {m_button, m_again})
        width = std::max(width, fontMetrics().horizontalAdvance(one->text()));
    for (QPushButton *one : {m_button, m_again})
        one->setMinimumSize(width + 40, fontMetrics().height() + 18);
    QFont title = font();
    title.setPointSizeF(font().pointSizeF() * 1.45);
    title.setWeight(QFont::DemiBold);
    m_sentence->setFont(title);
}

} // namespace sixgate
