#include "ui/overview/verdictbar.h"

#include "ui/look/marks.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

constexpr int edge = 24; // three steps of the grid

} // namespace

VerdictBar::VerdictBar(QWidget *parent)
    : QFrame(parent), m_sentence(new QLabel(this)), m_detail(new QLabel(this)), m_button(new QPushButton(this))
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
    all->addWidget(m_button, 0, Qt::AlignVCenter);
    setMinimumHeight(m_mark + 2 * 16 + 8);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    connect(m_button, &QPushButton::clicked, this, [this] { Q_EMIT pressed(m_what); });
    setFonts();
}

void VerdictBar::show(const Overview &overview, const QString &detail)
{
    m_state = overview.state;
    m_what = overview.button;
    m_sentence->setText(overview.sentence);
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
    m_button->setVisible(m_what != OverviewButton::None);
    m_button->setText(m_what == OverviewButton::Resume ? tr("&Resume") : tr("Check &now"));
    setAccessibleName(overview.sentence);
    setAccessibleDescription(detail);
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
    m_button->setMinimumSize(fontMetrics().horizontalAdvance(tr("Check &now")) + 40, fontMetrics().height() + 18);
    QFont title = font();
    title.setPointSizeF(font().pointSizeF() * 1.45);
    title.setWeight(QFont::DemiBold);
    m_sentence->setFont(title);
}

} // namespace sixgate
