// The desktop's theme changes while windows are open: dark at night, light in the morning. What is seen then is what a
// window shows that was opened after it, to the pixel; and all of it can be read. SIXGATE_SHOTS=FOLDER in the
// environment: pictures of the two where they differ.

#include "decide/overview.h"
#include "desktop/setupdesk.h"
#include "driver/pictures.h"
#include "scripted.h"
#include "ui/look/outlines.h"
#include "ui/look/placeholders.h"
#include "ui/overview/pathfigure.h"
#include "ui/window/mainwindow.h"
#include "ui/wizard/wizard.h"

#include <QApplication>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <map>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

constexpr double readable = 4.5;   // : 1, WCAG 2.1, text
constexpr double recognisable = 3; // signs; the strokes of small letters are blurred to that
constexpr QSize size{1120, 740};

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QPalette lightPalette()
{
    return QPalette(QColor(0xee, 0xf0, 0xf3));
}

double luminance(const QColor &colour)
{
    const auto part = [](double one) { return one <= 0.03928 ? one / 12.92 : std::pow((one + 0.055) / 1.055, 2.4); };
    return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) + 0.0722 * part(colour.blueF());
}

double contrast(const QColor &a, const QColor &b)
{
    const double one = luminance(a) + 0.05, other = luminance(b) + 0.05;
    return std::max(one, other) / std::min(one, other);
}

/// What most of a picture is.
QColor groundOf(const QImage &image)
{
    std::map<QRgb, int> all;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x)
            ++all[image.pixel(x, y)];
    }
    return std::ranges::max_element(all, {}, [](const auto &one) { return one.second; })->first;
}

/// What stands out most from `ground`.
double clearest(const QImage &image, const QColor &ground)
{
    double most = 1;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x)
            most = std::max(most, contrast(image.pixelColor(x, y), ground));
    }
    return most;
}

/// Thin lines are blurred a little.
bool has(const QImage &image, const QColor &colour)
{
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const QColor one = image.pixelColor(x, y);
            if (std::abs(one.red() - colour.red()) + std::abs(one.green() - colour.green()) +
                    std::abs(one.blue() - colour.blue()) <
                24)
                return true;
        }
    }
    return false;
}

QImage seen(QWidget &widget)
{
    QTest::qWait(60); // until all of it has taken the palette
    return widget.grab().toImage().convertToFormat(QImage::Format_RGB32);
}

QImage partOf(const QImage &all, const QWidget &widget, const QRect &place)
{
    return all.copy(QRect(widget.mapTo(widget.window(), place.topLeft()), place.size()) & all.rect());
}

/// Areas of at least `block` square that are light: a background that somebody forgot.
int lightBlocks(const QImage &image)
{
    constexpr int block = 12;
    int count = 0;
    for (int y = 0; y + block <= image.height(); y += block) {
        for (int x = 0; x + block <= image.width(); x += block) {
            bool light = true;
            for (int i = 0; i < block * block && light; ++i)
                light = luminance(image.pixelColor(x + i % block, y + i / block)) > 0.4;
            count += light;
        }
    }
    return count;
}

/// One path works, one fails, and one is not proven.
SharedSnapshot snapshot(const Site &site)
{
    KeeperSnapshot one;
    one.site = site.name.text();
    one.role = latin("leader");
    one.prefixes = {latin("2001:db8:1200::/64")};
    one.servers = {{*Label::parse(latin("nas")), *Ipv6Address::parse(latin("2001:db8:1200::11")), {}}};
    const QDateTime at = QDateTime::currentDateTimeUtc();
    for (const Service &service : site.services) {
        for (const Hostname &name : service.publicNames) {
            one.paths.push_back({name.ascii(), PathKind::V4, PathState::Broken, {}, latin("No answer."), at, {}});
            one.paths.push_back({name.ascii(), PathKind::V6, PathState::Works, 21ms, {}, at, {}});
            one.paths.push_back({name.ascii(), PathKind::Lan, PathState::Works, 3ms, {}, at, {}});
        }
    }
    return std::make_shared<const KeeperSnapshot>(one);
}

std::shared_ptr<SiteJobs> jobs()
{
    const auto all = std::make_shared<tests::ScriptedJobs>();
    all->script = [](const JobOrder &order, JobTalk &talk, const JobStops &stops) -> Result<JobEnd> {
        Plan plan;
        for (const Verb verb : {Verb::Create, Verb::Update, Verb::Delete}) {
            Change one;
            one.id = QStringLiteral("vps.%1").arg(int(verb));
            one.lane = Lane::Vps;
            one.verb = verb;
            one.sentence = latin("A file of the proxy");
            plan.changes.push_back(one);
        }
        talk.planned(plan, PlanPart::Main, {});
        if (std::holds_alternative<ApplyOrder>(order)) {
            if (auto agreed = talk.agree(plan, {}, stops.stop); !agreed)
                return passOn(agreed);
        }
        return fail(ErrorCode::Unavailable, latin("The VPS does not answer."));
    };
    return all;
}

std::unique_ptr<QWidget> openPage(int page)
{
    const auto site = tests::exampleSite();
    auto window = std::make_unique<MainWindow>(
        WindowTexts{latin("home"), latin("vps.example.org"), {latin("/home/ada/site.json"), latin("keychain"), {}}},
        WindowWork{site, jobs()});
    window->show(overviewOf(*site, *snapshot(*site)), snapshot(*site));
    window->setTray(false);
    window->resize(size);
    window->show();
    window->findChild<QListWidget *>(latin("pages"))->setCurrentRow(page);
    return window;
}

std::unique_ptr<QWidget> openPlan()
{
    auto window = openPage(3);
    static_cast<MainWindow &>(*window).redeploy();
    (void)QTest::qWaitFor([&] { return window->findChild<QPushButton *>(latin("yes"))->isVisible(); });
    return window;
}

std::unique_ptr<QWidget> openWizard(SetupPage page, const QString &folder)
{
    SetupAnswers answers;
    answers.page = page;
    answers.secrets = latin("dir:") + folder;
    auto wizard = std::make_unique<Wizard>(std::make_shared<SetupDesk>(folder + latin("/none.json")), answers);
    wizard->resize(size);
    wizard->show();
    return wizard;
}

} // namespace

class TestThemes : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    std::unique_ptr<QWidget> open(const QString &what)
    {
        static const QStringList pages{latin("overview"), latin("services"), latin("dns"), latin("vps"),
                                       latin("settings")};
        if (what == latin("plan"))
            return openPlan();
        if (pages.contains(what))
            return openPage(int(pages.indexOf(what)));
        return openWizard(what == latin("wizard, names") ? SetupPage::Names : SetupPage::Welcome, m_folder.path());
    }

private Q_SLOTS:
    void initTestCase()
    {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setOrganizationName(latin("sixgate-test"));
        QApplication::setApplicationName(latin("themes"));
        QSettings().clear();
        QApplication::setStyle(latin("fusion"));
        drawOutlines();
        keepPlaceholdersReadable();
    }

    void switched_data()
    {
        QTest::addColumn<bool>("toDark");
        for (const char *what : {"overview", "services", "dns", "vps", "plan", "settings", "wizard", "wizard, names"}) {
            QTest::newRow(qPrintable(latin(what) + latin(": dark"))) << true;
            QTest::newRow(qPrintable(latin(what) + latin(": light"))) << false;
        }
    }

    void switched()
    {
        QFETCH(bool, toDark);
        const QString what = latin(QTest::currentDataTag()).section(QLatin1Char(':'), 0, 0);
        // A text may tell the minute, which may be over; a look may end between two pictures.
        bool same = false;
        for (int round = 0; round < 8 && !same; ++round) {
            QApplication::setPalette(toDark ? lightPalette() : tests::darkPalette());
            const auto window = open(what);
            QVERIFY(QTest::qWaitForWindowExposed(window.get()));
            const QImage before = seen(*window);
            QApplication::setPalette(toDark ? tests::darkPalette() : lightPalette());
            const QImage after = seen(*window);
            const auto other = open(what);
            QVERIFY(QTest::qWaitForWindowExposed(other.get()));
            const QImage anew = seen(*other);
            same = after == anew;
            const QString folder = qEnvironmentVariable("SIXGATE_SHOTS");
            if (!same && !folder.isEmpty()) {
                after.save(folder + latin("/after.png"));
                anew.save(folder + latin("/anew.png"));
            }
            QVERIFY(before != after);
            if (toDark)
                QCOMPARE(lightBlocks(after), 0);
            else
                QVERIFY(lightBlocks(after) > 1000);
        }
        QVERIFY2(same, "a window that is opened anew looks otherwise");
    }

    // Each text on what it lies on, after the change.
    void texts_data() { switched_data(); }

    void texts()
    {
        QFETCH(bool, toDark);
        QApplication::setPalette(toDark ? lightPalette() : tests::darkPalette());
        const auto window = open(latin(QTest::currentDataTag()).section(QLatin1Char(':'), 0, 0));
        QVERIFY(QTest::qWaitForWindowExposed(window.get()));
        QApplication::setPalette(toDark ? tests::darkPalette() : lightPalette());
        const QImage all = seen(*window);
        int looked = 0;
        for (const QLabel *label : window->findChildren<QLabel *>()) {
            const QRect place = label->visibleRegion().boundingRect();
            if (!label->isVisible() || !label->isEnabled() || label->text().isEmpty() || place.height() < 8 ||
                place.width() < 8)
                continue;
            const QImage part = partOf(all, *label, place);
            const QColor ground = groundOf(part);
            const double named = contrast(label->palette().color(label->foregroundRole()), ground);
            QVERIFY2(named >= readable, qPrintable(QStringLiteral("%1: %2").arg(label->text()).arg(named)));
            const double drawn = clearest(part, ground);
            QVERIFY2(drawn >= recognisable, qPrintable(QStringLiteral("%1: %2").arg(label->text()).arg(drawn)));
            ++looked;
        }
        for (const QAbstractItemView *view : window->findChildren<QAbstractItemView *>()) {
            for (int row = 0; view->isVisible() && row < view->model()->rowCount(); ++row) {
                const QModelIndex cell = view->model()->index(row, 0);
                const QRect place = view->visualRect(cell) & view->viewport()->visibleRegion().boundingRect();
                if (cell.data().toString().isEmpty() || place.height() < 8 || place.width() < 8)
                    continue;
                const QImage part = partOf(all, *view->viewport(), place);
                const double drawn = clearest(part, groundOf(part));
                QVERIFY2(drawn >= readable,
                         qPrintable(QStringLiteral("%1: %2").arg(cell.data().toString()).arg(drawn)));
                ++looked;
            }
        }
        QVERIFY2(looked >= 8, qPrintable(QString::number(looked)));
    }

    // The four paths: each state in the colours of the theme, which can be told from what they lie on.
    void figure()
    {
        QApplication::setPalette(lightPalette());
        const auto window = openPage(0);
        QVERIFY(QTest::qWaitForWindowExposed(window.get()));
        auto *figure = window->findChild<PathFigure *>(latin("figure"));
        std::map<bool, QImage> figures;
        for (const bool dark : {false, true, false}) {
            QApplication::setPalette(dark ? tests::darkPalette() : lightPalette());
            const QImage all = seen(*window);
            const Colours colours = Colours::of(QApplication::palette());
            QCOMPARE(colours.dark, dark);
            const QImage drawn = partOf(all, *figure, figure->rect());
            figures[dark] = drawn;
            const QColor ground = groundOf(drawn);
            QCOMPARE(luminance(ground) < 0.2, dark);
            for (const auto &[name, state] :
                 {std::pair("path-v4", PathState::Broken), std::pair("path-v6", PathState::Works),
                  std::pair("path-upstream", PathState::Unknown)}) {
                const auto *pill = figure->findChild<PathPill *>(latin(name));
                QCOMPARE(pill->state(), state);
                const QImage part = partOf(all, *pill, pill->rect());
                const QColor own = colours.state(stateOf(state)), inside = groundOf(part);
                QVERIFY2(has(part, own), name);
                QVERIFY2(contrast(own, inside) >= recognisable, name);
                QVERIFY2(contrast(own, ground) >= recognisable, name);
                QVERIFY2(clearest(part, inside) >= readable, name);
            }
        }
        QVERIFY(figures[true] != figures[false]);
    }
};

QTEST_MAIN(TestThemes)
#include "tst_themes.moc"
