// The real program, with its keeper, driven from a script: drive_faults, in the environment SITE, SECRETS, KEEPS=1|0. A
// word on standard input is one thing that a person does by mouse and keyboard; the answer is a line of JSON:
//   check   asks to look at everything, and waits for the diagnosis
//   read    what the overview says
//   press   the verdict's button; waits for what it opens
//   agree   to the plan that it opened; waits for the end
//   close   what it opened
// An answer with "wrong" says that something did not come. The end of the input ends it; the last line tells the
// longest stall of the GUI thread and how long one may be.

#include "desktop/program.h"
#include "driver/stallwatch.h"
#include "driver/windowdriver.h"
#include "ui/wizard/wizard.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QPushButton>
#include <QTest>

#include <cstdio>
#include <iostream>
#include <thread>

using namespace sixgate;
using namespace sixgate::tests;

namespace
{

class Driver
{
public:
    explicit Driver(MainWindow &window) : m_window(window) {}

    QJsonObject act(const QString &word)
    {
        m_wrong.clear();
        if (word == latin("check"))
            check();
        else if (word == latin("press"))
            press();
        else if (word == latin("agree"))
            agree();
        else if (word == latin("close"))
            close();
        else if (word != latin("read"))
            m_wrong = latin("there is no such word: ") + word;
        QJsonObject seen = read();
        if (!m_wrong.isEmpty())
            seen[latin("wrong")] = m_wrong;
        const QString folder = given("SHOTS");
        if (!folder.isEmpty()) {
            const WatchPause pause; // the picture is the test's own
            m_window.window().grab().save(QStringLiteral("%1/fault-%2-%3.png").arg(folder).arg(++m_pictures).arg(word));
        }
        return seen;
    }

private:
    bool wait(const char *forWhat, const std::function<bool()> &what, int time)
    {
        const bool came = await(what, time);
        if (!came)
            m_wrong = QStringLiteral("waited in vain for %1").arg(latin(forWhat));
        return came;
    }

    QJsonObject read()
    {
        auto *button = m_window.wayOut();
        auto *yes = m_window.find<QPushButton>("yes");
        return {{latin("sentence"), m_window.verdict()},
                {latin("detail"), m_window.verdictDetail()},
                {latin("button"), button->isHidden() ? QString() : plain(*button)},
                {latin("shown"), m_window.shownCause()},
                {latin("looking"), m_window.isLooking()},
                {latin("open"), topLevel<Wizard>() ? latin("setup") : m_window.openPage()},
                {latin("job"), m_window.find<QWidget>("job")->isVisible() ? m_window.jobSentence() : QString()},
                {latin("yes"), yes->isVisible() ? plain(*yes) : QString()}};
    }
    void check()
    {
        m_window.open(WindowDriver::Overview);
        const auto looked = [this] { return !m_window.isLooking(); };
        if (!wait("the look before", looked, lookTime))
            return;
        m_window.asksAgain();
        wait("the look", looked, lookTime);
    }
    void press()
    {
        // It looks again by itself, too, and takes no click meanwhile.
        auto *next = m_window.wayOut();
        if (!wait(
                "the button", [&] { return !m_window.isLooking() && next->isVisible() && next->isEnabled(); },
                lookTime))
            return;
        QTest::mouseClick(next, Qt::LeftButton);
        wait(
            "what it opens",
            [&] {
                return topLevel<Wizard>() || m_window.asks() || m_window.isAtEnd() || !m_window.shownCause().isEmpty();
            },
            lookTime);
    }
    void agree()
    {
        if (!wait(
                "a plan", [&] { return m_window.asks(); }, readyTime))
            return;
        QTest::mouseClick(m_window.find<QPushButton>("yes"), Qt::LeftButton);
        wait(
            "the end", [&] { return m_window.isAtEnd(); }, runTime);
    }
    void close()
    {
        if (auto *wizard = topLevel<Wizard>())
            wizard->close();
        auto *no = m_window.find<QPushButton>("no");
        if (no->isVisible())
            QTest::mouseClick(no, Qt::LeftButton);
        if (!m_window.shownCause().isEmpty())
            QTest::mouseClick(m_window.find<QPushButton>("cause-close"), Qt::LeftButton);
        wait(
            "it to be closed", [&] { return !topLevel<Wizard>() && !no->isVisible(); }, lookTime);
        m_window.open(WindowDriver::Overview);
    }

    WindowDriver m_window;
    QString m_wrong;
    int m_pictures = 0;
};

} // namespace

int main(int argc, char **argv)
{
    StallApplication app(argc, argv);
    dressApplication();
    QApplication::setQuitOnLastWindowClosed(false);
    Choices choices;
    choices.siteFile = given("SITE");
    choices.secrets = given("SECRETS");
    choices.keeps = given("KEEPS") != latin("0");
    Program program(choices);
    program.begin();
    auto *window = topLevel<MainWindow>();
    if (!window || !QTest::qWaitForWindowExposed(window)) {
        std::fprintf(stderr, "There is no window.\n");
        return 1;
    }
    Driver driver(*window);
    // Standard input on a thread of its own; what it says is done between two events of the loop.
    std::jthread reader([&] {
        for (std::string line; std::getline(std::cin, line);) {
            QMetaObject::invokeMethod(
                &app,
                [&, word = QString::fromStdString(line)] {
                    const QJsonObject answer = driver.act(word);
                    std::printf("%s\n", QJsonDocument(answer).toJson(QJsonDocument::Compact).constData());
                    std::fflush(stdout);
                },
                Qt::BlockingQueuedConnection);
        }
        QMetaObject::invokeMethod(
            &app, [] { QCoreApplication::exit(0); }, Qt::QueuedConnection);
    });
    app.beginWatch();
    const int code = QApplication::exec();
    const auto [fine, said] = stallVerdict();
    std::printf("%s\n", QJsonDocument(QJsonObject{{latin("fine"), fine}, {latin("said"), said}})
                            .toJson(QJsonDocument::Compact)
                            .constData());
    return code;
}
