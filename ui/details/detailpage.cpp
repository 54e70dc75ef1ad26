#include "ui/details/detailpage.h"

#include "ui/look/card.h"
#include "ui/look/marks.h"
#include "ui/look/quietlabel.h"
#include "ui/look/table.h"
#include "ui/overview/overviewpage.h"

#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>

namespace sixgate
{

DetailPage::DetailPage(const QString &title, const QString &about, const QStringList &columns, QWidget *parent)
    : QWidget(parent), m_title(new QLabel(title, this)), m_empty(new QLabel(this)), m_table(new QTableWidget)
{
    QFont big = font();
    big.setPointSizeF(big.pointSizeF() * 1.45);
    big.setWeight(QFont::DemiBold);
    m_title->setFont(big);
    auto *words = new QuietLabel(about, this);
    words->setWordWrap(true);
    m_empty->setWordWrap(true);
    m_table->setColumnCount(int(columns.size()));
    m_table->setHorizontalHeaderLabels(columns);
    m_table->setAccessibleName(title);
    m_table->setWordWrap(false); // the whole text is its tool tip
    layOut(*m_table);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setStretchLastSection(true);
    auto *card = new Card(this);
    card->hold(m_table, 8);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(24, 24, 24, 24);
    all->setSpacing(8);
    all->addWidget(m_title);
    all->addWidget(words);
    m_above = new QVBoxLayout;
    m_above->setSpacing(8);
    all->addLayout(m_above);
    all->addSpacing(8);
    all->addWidget(m_empty);
    all->addWidget(card, 1);
    all->addStretch(0); // where there is no table
    card->hide();
}

void DetailPage::show(const std::vector<DetailRow> &rows, const QString &empty)
{
    m_rows = rows;
    m_empty->setText(empty);
    m_empty->setVisible(rows.empty());
    m_table->parentWidget()->setVisible(!rows.empty());
    fill();
}

void DetailPage::fill()
{
    const Colours colours = Colours::of(palette());
    layOut(*m_table);
    m_table->setRowCount(int(m_rows.size()));
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const DetailRow &one = m_rows[size_t(row)];
        for (int column = 0; column < m_table->columnCount(); ++column) {
            if (!m_table->item(row, column))
                m_table->setItem(row, column, new QTableWidgetItem);
            m_table->item(row, column)->setText(one.cells.value(column));
            m_table->item(row, column)->setToolTip(one.tip.isEmpty() ? one.cells.value(column) : one.tip);
        }
        m_table->item(row, 0)->setIcon(markIcon(stateOf(one.state), colours));
        m_table->setRowHeight(row, heightOfRow(*m_table));
    }
}

void DetailPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        fill();
}

void DetailPage::addAbove(QWidget *widget)
{
    m_above->addWidget(widget);
}

void DetailPage::addBelow(QWidget *widget)
{
    auto *all = static_cast<QVBoxLayout *>(layout());
    all->addSpacing(8);
    all->addWidget(widget);
}

} // namespace sixgate
