#include "driver/windowdriver.h"

#include "driver/pictures.h"

#include <QFrame>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QTest>
#include <QTextBrowser>

namespace sixgate::tests
{

void WindowDriver::open(Page page)
{
    find<QListWidget>("pages")->setCurrentRow(page);
}

QString WindowDriver::openPage()
{
    return find<QListWidget>("pages")->currentItem()->text();
}

void WindowDriver::click(const char *name, int time)
{
    clickOn(*find<QAbstractButton>(name), time);
}

// Other pages have parts of the same names.
QWidget *WindowDriver::verdictPart()
{
    return findIn<QFrame>(*find<QWidget>("overview"), latin("verdict"));
}

QString WindowDriver::verdict()
{
    return findIn<QLabel>(*verdictPart(), latin("sentence"))->text();
}

QString WindowDriver::verdictDetail()
{
    return findIn<QLabel>(*verdictPart(), latin("detail"))->text();
}

bool WindowDriver::isLooking()
{
    return verdictPart()->property("looking").toBool();
}

QPushButton *WindowDriver::wayOut()
{
    return findIn<QPushButton>(*verdictPart(), latin("next"));
}

bool WindowDriver::asksAgain()
{
    for (const char *name : {"next", "again"}) {
        auto *button = findIn<QPushButton>(*verdictPart(), latin(name));
        // Once it is pressed it says something else.
        if (button->isVisible() && plain(*button) == latin("Check now"))
            return clickOn(*button);
    }
    return false;
}

PathState WindowDriver::stateOf(PathKind kind)
{
    return find<PathPill>(("path-" + pathName(kind).toLatin1()).constData())->state();
}

QString WindowDriver::shownCause()
{
    const auto *text = find<QTextBrowser>("cause-text");
    return text->isVisible() ? text->toPlainText() : QString();
}

QString WindowDriver::jobSentence()
{
    return findIn<QLabel>(*find<QWidget>("job"), latin("sentence"))->text();
}

QString WindowDriver::jobDetail()
{
    return findIn<QLabel>(*find<QWidget>("job"), latin("detail"))->text();
}

QString WindowDriver::job()
{
    QString said = jobSentence() + QLatin1Char(' ') + jobDetail();
    return said.replace(QLatin1Char('\n'), QLatin1Char(' '));
}

bool WindowDriver::asks()
{
    return find<QPushButton>("yes")->isVisible();
}

bool WindowDriver::isAtEnd()
{
    auto *no = find<QPushButton>("no");
    return no->isVisible() && plain(*no) == latin("Close");
}

void WindowDriver::agree()
{
    QTest::keyClick(find<QPushButton>("yes"), Qt::Key_Space);
}

void WindowDriver::close()
{
    click("no");
}

void WindowDriver::picture(const QString &name)
{
    takePictures(m_window, name);
}

} // namespace sixgate::tests
