// The real program, with its keeper, driven from a script: drive_faults, in the environment SITE, SECRETS, KEEPS=1|0. A
// word on standard input is one thing that a person does by mouse and keyboard; the answer is a line of JSON:
//   check   asks to look at everything, and waits for the diagnosis
//   read    what the overview says
//   press   the verdict's button; waits for what it opens
//   agree   to the plan that it opened; waits for the end
//   close   what it opened
// The end of the input ends it; the last line tells the longest stall of the GUI thread.

#include "desktop/program.h"
#include "stallwatch.h"
#include "ui/window/mainwindow.h"
#include "ui/wizard/wizard.h"

#include <QApplication>
#include <QDir>
#include <QFrame>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSocketNotifier>
#include <QTest>

#include <cstdio>
#include <functional>
#include <iostream>
#include <thread>

using namespace sixgate;

namespace
{

constexpr int planTime = 90 * 1000;
constexpr int runTime = 7 * 60 * 1000;

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

template <class T>
T *topLevel()
{
    for (QWidget *one : QApplication::topLevelWidgets()) {
        if (auto *wanted = qobject_cast<T *>(one); wanted && one->isVisible())
            return wanted;
    }
    return nullptr;
}

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
        QJsonObject seen = read();
        if (!m_wrong.isEmpty())
            seen[latin("wrong")] = m_wrong;
        const QString folder = qEnvironmentVariable("SHOTS");
        if (!folder.isEmpty()) {
            m_window.grab().save(QStringLiteral("%1/fault-%2-%3.png").arg(folder).arg(++m_pictures).arg(word));
        }
        return seen;
    }

private:
    template <class T>
    T *find(const QString &name, QWidget *in = nullptr)
    {
        return (in ? in : &m_window)->template findChild<T *>(name);
    }
    QWidget *overview() { return find<QWidget>(latin("overview")); }
    QFrame *verdict() { return find<QFrame>(latin("verdict"), overview()); }
    bool await(const std::function<bool()> &what, int time)
    {
        if (QTest::qWaitFor(what, time))
            return true;
        m_wrong = latin("it took too long");
        return false;
    }

    QJsonObject read()
    {
        auto *button = find<QPushButton>(latin("next"), verdict());
        auto *job = find<QWidget>(latin("job"));
        QString open = find<QListWidget>(latin("pages"))->currentItem()->text();
        if (topLevel<Wizard>())
            open = latin("setup");
        return {{latin("sentence"), find<QLabel>(latin("sentence"), verdict())->text()},
                {latin("detail"), find<QLabel>(latin("detail"), verdict())->text()},
                {latin("button"), button->isHidden() ? QString() : button->text().remove(QLatin1Char('&'))},
                {latin("looking"), verdict()->property("looking").toBool()},
                {latin("open"), open},
                {latin("job"), job->isVisible() ? find<QLabel>(latin("sentence"), job)->text() : QString()},
                {latin("yes"), find<QPushButton>(latin("yes"))->isVisible()
                                   ? find<QPushButton>(latin("yes"))->text().remove(QLatin1Char('&'))
                                   : QString()}};
    }
    void check()
    {
        find<QListWidget>(latin("pages"))->setCurrentRow(0);
        await([&] { return !verdict()->property("looking").toBool(); }, planTime);
        // Once it is pressed it says something else.
        for (const char *name : {"next", "again"}) {
            auto *button = find<QPushButton>(latin(name), verdict());
            if (button->isVisible() && button->text() == latin("Check &now"))
                QTest::mouseClick(button, Qt::LeftButton);
        }
        await([&] { return !verdict()->property("looking").toBool(); }, planTime);
    }
    void press()
    {
        // It looks again by itself, too, and takes no click meanwhile.
        auto *next = find<QPushButton>(latin("next"), verdict());
        if (!await([&] { return !verdict()->property("looking").toBool() && next->isEnabled(); }, planTime))
            return;
        QTest::mouseClick(next, Qt::LeftButton);
        await([&] { return topLevel<Wizard>() || find<QPushButton>(latin("yes"))->isVisible() || isAtEnd(); },
              planTime);
    }
    bool isAtEnd()
    {
        auto *no = find<QPushButton>(latin("no"));
        return no->isVisible() && no->text() == latin("&Close");
    }
    void agree()
    {
        QTest::mouseClick(find<QPushButton>(latin("yes")), Qt::LeftButton);
        await([&] { return isAtEnd(); }, runTime);
    }
    void close()
    {
        if (auto *wizard = topLevel<Wizard>())
            wizard->close();
        auto *no = find<QPushButton>(latin("no"));
        if (no->isVisible())
            QTest::mouseClick(no, Qt::LeftButton);
        await([&] { return !topLevel<Wizard>() && !no->isVisible(); }, planTime);
        find<QListWidget>(latin("pages"))->setCurrentRow(0);
    }

    MainWindow &m_window;
    QString m_wrong;
    int m_pictures = 0;
};

} // namespace

int main(int argc, char **argv)
{
    tests::StallApplication app(argc, argv);
    QApplication::setStyle(latin("fusion"));
    QApplication::setQuitOnLastWindowClosed(false);
    QApplication::setOrganizationName(latin("sixgate"));
    QApplication::setApplicationName(latin("Sixgate"));
    Choices choices;
    choices.siteFile = qEnvironmentVariable("SITE");
    choices.secrets = qEnvironmentVariable("SECRETS");
    choices.keeps = qEnvironmentVariable("KEEPS") != latin("0");
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
    std::printf("{\"stalled\":%lld,\"by\":\"%s\"}\n", static_cast<long long>(app.longest().count()),
                qPrintable(app.culprit()));
    return code;
}
