#pragma once

#include <QApplication>
#include <QString>
#include <QWidget>

#include <functional>

class QAbstractButton;
class QLineEdit;

namespace sixgate::tests
{

// Limits of time in ms, with room for a lab that runs beside another one.
constexpr int readyTime = 5 * 1000;    ///< until a button can be clicked that is there already
constexpr int lookTime = 90 * 1000;    ///< until home, DNS and VPS are looked at, or a plan is made
constexpr int runTime = 7 * 60 * 1000; ///< until a plan is carried out

QString latin(const char *text);
/// A variable of the environment: how the lab's scripts say what there is. Empty where it is not set.
QString given(const char *name);
/// A file's text without blanks at its ends; empty where it cannot be read.
QString contentOf(const QString &path);
/// What a button says, without the mark of its key.
QString plain(const QAbstractButton &button);

/// The application as app/desktop has it: its names, Fusion, texts and outlines.
void dressApplication();

/// The visible window of that class; null where there is none.
template <class T>
T *topLevel()
{
    for (QWidget *one : QApplication::topLevelWidgets()) {
        if (auto *wanted = qobject_cast<T *>(one); wanted && one->isVisible())
            return wanted;
    }
    return nullptr;
}

/// What is told when an object is not there; ends the program.
[[noreturn]] void missing(const QString &name, const QWidget &in);

/// A part of a window by its name; ends the program where there is none.
template <class T>
T *findIn(QWidget &in, const QString &name)
{
    auto *found = in.findChild<T *>(name);
    if (!found)
        missing(name, in);
    return found;
}

/// Runs the event loop until it is so; false after `time` ms.
[[nodiscard]] bool await(const std::function<bool()> &what, int time);

/// By the mouse, once it is to be seen and takes clicks; false, and for a test a failure, where it does not in `time`
/// ms.
bool clickOn(QAbstractButton &button, int time = readyTime);

/// Writes by the keyboard what is to be the field's text; what no key of every keyboard has is pasted. A failure of the
/// test where the field has something else then.
void typeInto(QLineEdit &field, const QString &text);

/// The visible part of the present failure: prints all that a window says now.
void printTexts(const QWidget &window);

} // namespace sixgate::tests
