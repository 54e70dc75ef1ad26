#include "driver/driver.h"

#include "ui/look/outlines.h"
#include "ui/look/texts.h"

#include <QAbstractButton>
#include <QClipboard>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QTest>

#include <cstdio>

namespace sixgate::tests
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

QString given(const char *name)
{
    return qEnvironmentVariable(name);
}

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).trimmed() : QString();
}

QString plain(const QAbstractButton &button)
{
    return button.text().remove(QLatin1Char('&'));
}

void dressApplication()
{
    QApplication::setApplicationName(latin("Sixgate"));
    QApplication::setOrganizationName(latin("sixgate"));
    QApplication::setStyle(latin("fusion"));
    loadTexts();
    drawOutlines();
}

void missing(const QString &name, const QWidget &in)
{
    qFatal("there is no %s in %s", qPrintable(name), in.metaObject()->className());
}

bool await(const std::function<bool()> &what, int time)
{
    return QTest::qWaitFor(what, time);
}

bool clickOn(QAbstractButton &button, int time)
{
    const bool ready = await([&] { return button.isVisible() && button.isEnabled(); }, time);
    if (ready)
        QTest::mouseClick(&button, Qt::LeftButton);
    else if (QTest::currentTestFunction())
        QTest::qFail(qPrintable(QStringLiteral("%1 (%2) takes no click").arg(button.objectName(), plain(button))),
                     __FILE__, __LINE__);
    return ready;
}

void typeInto(QLineEdit &field, const QString &text)
{
    QVERIFY2(field.isVisible(), qPrintable(field.objectName()));
    field.setFocus();
    QTest::keyClick(&field, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(&field, Qt::Key_Delete);
    if (std::all_of(text.begin(), text.end(), [](QChar c) { return c.unicode() < 0x80; })) {
        QTest::keyClicks(&field, text);
    } else {
        QGuiApplication::clipboard()->setText(text);
        QTest::keyClick(&field, Qt::Key_V, Qt::ControlModifier);
        QGuiApplication::clipboard()->clear();
    }
    // Not QCOMPARE: it may be a password.
    QVERIFY2(field.text() == text, qPrintable(field.objectName()));
}

void printTexts(const QWidget &window)
{
    for (const QLabel *one : window.findChildren<QLabel *>()) {
        if (one->isVisible() && !one->text().isEmpty())
            std::printf("    | %s\n", qPrintable(one->text().left(200).replace(QLatin1Char('\n'), QLatin1Char(' '))));
    }
    std::fflush(stdout);
}

} // namespace sixgate::tests
