#include "ui/wizard/statusline.h"

#include "ui/look/markview.h"
#include "ui/look/quietlabel.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>

namespace sixgate
{

namespace
{

constexpr int second = 1000;
constexpr int tellsTimeAfter = 2;

} // namespace

StatusLine::StatusLine(QWidget *parent)
    : QWidget(parent), m_mark(new MarkView(this)), m_sentence(new QLabel(this)), m_detail(new QuietLabel({}, this)),
      m_stop(new QPushButton(tr("S&top"), this))
{
    m_sentence->setWordWrap(true);
    m_detail->setWordWrap(true);
    for (QLabel *one : {m_sentence, m_detail}) {
        one->setTextFormat(Qt::PlainText);
        one->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_stop->setObjectName(QStringLiteral("stop"));
    auto *all = new QGridLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setHorizontalSpacing(8);
    all->setVerticalSpacing(2);
    all->addWidget(m_mark, 0, 0, Qt::AlignTop);
    all->addWidget(m_sentence, 0, 1);
    all->addWidget(m_detail, 1, 1);
    all->addWidget(m_stop, 0, 2, 2, 1, Qt::AlignTop);
    all->setColumnStretch(1, 1);
    m_tick.setInterval(second);
    connect(&m_tick, &QTimer::timeout, this, &StatusLine::draw);
    connect(m_stop, &QPushButton::clicked, this, &StatusLine::stopped);
    clear();
}

void StatusLine::clear()
{
    m_tick.stop();
    m_counts = false;
    m_state = OverviewState::Unknown;
    m_sentence->clear();
    hide();
}

void StatusLine::begin(const QString &what, bool stops)
{
    m_what = what;
    m_state = OverviewState::Working;
    m_counts = true;
    m_clock.start();
    m_tick.start();
    m_detail->hide();
    m_stop->setVisible(stops);
    draw();
    QWidget::show();
}

void StatusLine::show(OverviewState state, const QString &sentence, const QString &detail)
{
    m_tick.stop();
    m_counts = false;
    m_state = state;
    m_what = sentence;
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
    m_stop->hide();
    draw();
    QWidget::show();
}

QString StatusLine::sentence() const
{
    return m_what;
}

void StatusLine::draw()
{
    m_mark->show(m_state);
    const auto seconds = m_clock.isValid() ? m_clock.elapsed() / second : 0;
    QString text = m_what;
    if (m_counts)
        text = seconds < tellsTimeAfter ? tr("%1 …").arg(m_what) : tr("%1 … %2 s").arg(m_what).arg(seconds);
    m_sentence->setText(text);
    setAccessibleName(m_what);
}

void StatusLine::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        draw();
}

} // namespace sixgate
