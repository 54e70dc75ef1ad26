// What to do about what is wrong, below the figure. SIXGATE_SHOTS=FOLDER in the environment: pictures of what was
// tested.

#include "decide/catalogue.h"
#include "driver/pictures.h"
#include "ui/look/texts.h"
#include "ui/overview/overviewpage.h"
#include "ui/overview/pathfigure.h"

#include <QApplication>
#include <QFile>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTextBrowser>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QByteArray conditions(const char *name)
{
    QFile file(latin(SIXGATE_SOURCE_DIR "/resources/conditions/") + latin(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestCause : public QObject
{
    Q_OBJECT

private:
    std::optional<Catalogue> m_catalogue;

    Condition cause(const char *code)
    {
        return m_catalogue->words(latin(code), latin("nas"),
                                  {{latin("server"), latin("nas")},
                                   {latin("address"), latin("2001:db8:a001:100::11")},
                                   {latin("port"), latin("443")},
                                   {latin("how"), latin("get no answer")},
                                   {latin("identifier"), latin("::11")}},
                                  {latin("In the LAN <b>it</b> *answers* at [2001:db8:a001:100::11]:443.")});
    }
    static Overview with(const Condition &root)
    {
        Overview one;
        one.state = OverviewState::Broken;
        one.sentence = root.title;
        one.detail = root.remedy.windowText();
        one.root = root;
        one.button = OverviewButton::Show;
        return one;
    }

private Q_SLOTS:
    void initTestCase()
    {
        loadTexts();
        const auto catalogue = Catalogue::parse(conditions("catalogue.json"), conditions("routers.json"));
        QVERIFY(catalogue);
        m_catalogue = *catalogue;
    }

    void shown()
    {
        OverviewPage page;
        page.resize(900, 740);
        Overview overview = with(cause("router-firewall"));
        page.show(overview, nullptr, latin("vps.example.org"));
        page.QWidget::show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        auto *next = page.findChild<QPushButton *>(latin("next"));
        QCOMPARE(next->text(), latin("S&how me where"));
        auto *text = page.findChild<QTextBrowser *>(latin("cause-text"));
        QVERIFY(!text->isVisible());
        QSignalSpy pressed(&page, &OverviewPage::pressed);
        QVERIFY(page.findChild<PathFigure *>()->accessibleDescription().contains(latin("Router: closed")));
        QTest::mouseClick(next, Qt::LeftButton);
        QVERIFY(text->isVisible());
        QVERIFY(text->hasFocus());
        QVERIFY(pressed.isEmpty());
        QString all = text->toPlainText();
        for (const QString &part :
             {overview.root->text, overview.root->remedy.windowText(), latin("What was seen"), latin("FRITZ!Box: "),
              // Nothing is taken for markup.
              latin("In the LAN <b>it</b> *answers* at")})
            QVERIFY2(all.contains(part), qPrintable(all));
        QVERIFY2(!all.contains(QLatin1Char('{')), qPrintable(all));
        tests::takePictures(page, latin("cause"));

        // The handbook's page, and back.
        const auto follow = [&](const char *link) { Q_EMIT text->anchorClicked(QUrl(latin(link))); };
        QVERIFY(text->toHtml().contains(latin("router-firewall.md")));
        follow("router-firewall.md");
        QVERIFY(text->toPlainText().contains(latin("The router keeps visitors out")));
        follow("../../no/such-page.md");
        QVERIFY(text->toPlainText().contains(latin("The router keeps visitors out")));
        // The same cause seen again leaves the reader there.
        page.show(overview, nullptr, latin("vps.example.org"));
        QVERIFY(text->toPlainText().contains(latin("The router keeps visitors out")));
        follow("back");
        QCOMPARE(text->toPlainText(), all);

        QTest::mouseClick(page.findChild<QPushButton *>(latin("cause-again")), Qt::LeftButton);
        QCOMPARE(pressed.size(), 1);
        QVERIFY(pressed.front().front().value<OverviewButton>() == OverviewButton::Check);
        // Another cause, which is no router's.
        overview = with(cause("server-down"));
        page.show(overview, nullptr, latin("vps.example.org"));
        QCOMPARE(next->text(), latin("S&how me how"));
        QVERIFY(text->toPlainText().contains(overview.root->remedy.windowText()));
        QVERIFY(!text->toPlainText().contains(latin("FRITZ!Box")));
        QTest::keyClick(text, Qt::Key_Escape);
        QVERIFY(!text->isVisible());
        QVERIFY(next->hasFocus());
        // It is gone with the trouble.
        QTest::mouseClick(next, Qt::LeftButton);
        QVERIFY(text->isVisible());
        overview = {};
        overview.state = OverviewState::Fine;
        page.show(overview, nullptr, latin("vps.example.org"));
        QVERIFY(!text->isVisible());
    }

    // Each condition has a page in the handbook.
    void pages()
    {
        for (const auto &[code, entry] : m_catalogue->entries())
            QVERIFY2(QFile::exists(latin(":/sixgate/handbook/conditions/%1.md").arg(code)), qPrintable(code));
    }
};

QTEST_MAIN(TestCause)

#include "tst_cause.moc"
