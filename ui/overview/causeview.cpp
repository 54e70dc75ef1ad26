#include "ui/overview/causeview.h"

#include "ui/look/buttonwords.h"

#include <QDesktopServices>
#include <QEvent>
#include <QFile>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QTextBrowser>
#include <QTextCursor>
#include <QTextDocumentFragment>
#include <QUrl>
#include <QVBoxLayout>

namespace sixgate
{

namespace
{

/// The handbook's page of that name; empty where it has none.
QString handbookPage(const QString &name)
{
    QFile page(QStringLiteral(":/sixgate/handbook/conditions/%1").arg(name));
    return page.open(QIODevice::ReadOnly) ? QString::fromUtf8(page.readAll()) : QString();
}

QString backLink()
{
    return QStringLiteral("back");
}

/// Builds the page: dynamic text goes in as it is, so that nothing in it is taken for markup.
class Writer
{
public:
    explicit Writer(QTextBrowser &text) : m_cursor(text.document()) {}

    void heading(const QString &text)
    {
        QTextCharFormat strong;
        strong.setFontWeight(QFont::DemiBold);
        block(12);
        m_cursor.insertText(text, strong);
    }
    void paragraph(const QString &text)
    {
        block(4);
        m_cursor.insertText(text, {});
    }
    void line(const QString &text)
    {
        QTextCharFormat fixed;
        fixed.setFontFamilies({QFontDatabase::systemFont(QFontDatabase::FixedFont).family()});
        block(4);
        m_cursor.insertText(text, fixed);
    }
    /// "FRITZ!Box: Internet, Permit Access …"
    void entry(const QString &name, const QString &text)
    {
        QTextCharFormat strong;
        strong.setFontWeight(QFont::DemiBold);
        block(4);
        m_cursor.insertText(name + QStringLiteral(": "), strong);
        m_cursor.insertText(text, {});
    }
    void link(const QString &text, const QString &target, const QPalette &palette)
    {
        QTextCharFormat anchor;
        anchor.setAnchor(true);
        anchor.setAnchorHref(target);
        anchor.setForeground(palette.link());
        anchor.setFontUnderline(true);
        block(12);
        m_cursor.insertText(text, anchor);
    }
    void markdown(const QString &text)
    {
        block(12);
        m_cursor.insertFragment(QTextDocumentFragment::fromMarkdown(text));
    }

private:
    void block(int above)
    {
        QTextBlockFormat format;
        format.setTopMargin(m_begun ? above : 0);
        if (m_begun)
            m_cursor.insertBlock(format, {});
        else
            m_cursor.setBlockFormat(format);
        m_begun = true;
    }

    QTextCursor m_cursor;
    bool m_begun = false;
};

} // namespace

CauseView::CauseView(QWidget *parent) : QWidget(parent), m_title(new QLabel(tr("What to do"))), m_text(new QTextBrowser)
{
    setObjectName(QStringLiteral("cause"));
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    m_title->setFont(strong);
    m_text->setObjectName(QStringLiteral("cause-text"));
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setOpenLinks(false);
    m_text->setAccessibleName(m_title->text());
    m_text->document()->setDocumentMargin(12);
    auto *again = new QPushButton(tr("Check &again"));
    again->setObjectName(QStringLiteral("cause-again"));
    auto *closing = new QPushButton(tr("&Close"));
    closing->setObjectName(QStringLiteral("cause-close"));
    auto *head = new QHBoxLayout;
    head->setContentsMargins(12, 8, 8, 0);
    head->setSpacing(8);
    head->addWidget(m_title, 1);
    for (QPushButton *one : {again, closing}) {
        one->setMinimumSize(fontMetrics().horizontalAdvance(one->text()) + 32, fontMetrics().height() + 14);
        head->addWidget(one);
    }
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(4);
    all->addLayout(head);
    all->addWidget(m_text, 1);
    setFocusProxy(m_text);
    connect(again, &QPushButton::clicked, this, &CauseView::again);
    connect(closing, &QPushButton::clicked, this, &CauseView::closes);
    connect(m_text, &QTextBrowser::anchorClicked, this, &CauseView::open);
}

void CauseView::show(const Condition &cause)
{
    const bool isAnother = m_cause.code != cause.code || m_cause.about != cause.about;
    const bool isSame = !isAnother && m_cause.text == cause.text && m_cause.evidence == cause.evidence &&
                        m_cause.remedy == cause.remedy;
    m_cause = cause;
    if (isSame || (!isAnother && !m_page.isEmpty()))
        return;
    m_page.clear();
    const int at = m_text->verticalScrollBar()->value();
    fill();
    // What was seen may be told in other words; who reads goes on where they are.
    if (!isAnother)
        m_text->verticalScrollBar()->setValue(at);
}

void CauseView::fill()
{
    m_text->clear();
    Writer out(*m_text);
    if (!m_page.isEmpty()) {
        out.link(tr("Back to this home"), backLink(), palette());
        out.markdown(handbookPage(m_page));
    } else {
        out.paragraph(buttonWords(m_cause.remedy.windowText()));
        if (!m_cause.remedy.command.isEmpty())
            out.line(m_cause.remedy.command);
        for (const RouterGuide &one : m_cause.remedy.routers)
            out.entry(one.router, one.text);
        out.heading(tr("What it means"));
        out.paragraph(m_cause.text);
        if (!m_cause.evidence.isEmpty()) {
            out.heading(tr("What was seen"));
            for (const QString &one : m_cause.evidence)
                out.paragraph(one);
        }
        const QString page = m_cause.code + QStringLiteral(".md");
        if (!handbookPage(page).isEmpty())
            out.link(tr("More in the handbook, with the names of its example"), page, palette());
    }
    m_text->moveCursor(QTextCursor::Start);
}

/// Pages of the handbook about what can be wrong are shown here.
void CauseView::open(const QUrl &link)
{
    const QString page = link.fileName();
    if (!link.isRelative())
        QDesktopServices::openUrl(link);
    else if (page == backLink() || !handbookPage(page).isEmpty()) {
        m_page = page == backLink() ? QString() : page;
        fill();
    }
}

void CauseView::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && !m_cause.code.isEmpty())
        fill();
}

void CauseView::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        Q_EMIT closes();
    else
        QWidget::keyPressEvent(event);
}

} // namespace sixgate
