#pragma once

#include "driver/driver.h"
#include "ui/overview/pathfigure.h"
#include "ui/window/mainwindow.h"

namespace sixgate::tests
{

/// The main window as a person uses it, by mouse and keyboard.
class WindowDriver
{
public:
    enum Page { Overview, Services, Dns, Vps, Settings };

    explicit WindowDriver(MainWindow &window) : m_window(window) {}

    MainWindow &window() { return m_window; }
    template <class T>
    T *find(const char *name)
    {
        return findIn<T>(m_window, latin(name));
    }
    void open(Page page);
    QString openPage();
    void click(const char *name, int time = readyTime);

    // The overview's verdict.
    QString verdict();
    QString verdictDetail();
    /// It looks at home, DNS and VPS, and takes no click meanwhile.
    bool isLooking();
    /// The way out; its text is empty where there is none.
    QPushButton *wayOut();
    /// Asks to check now, where the verdict has a button for it; false where it has none.
    bool asksAgain();
    PathState stateOf(PathKind kind);
    /// What is told about the cause, where it is shown; else empty.
    QString shownCause();

    // The job on the VPS's page.
    QString jobSentence();
    QString jobDetail();
    /// Both in one line, for a failure.
    QString job();
    /// There is a plan, and a button to agree to it.
    bool asks();
    bool isAtEnd();
    void agree(); ///< by the keyboard
    void close();

    /// NAME of takePictures().
    void picture(const QString &name);

private:
    QWidget *verdictPart();

    MainWindow &m_window;
};

} // namespace sixgate::tests
