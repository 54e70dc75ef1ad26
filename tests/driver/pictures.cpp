#include "driver/pictures.h"

#include "driver/stallwatch.h"

#include <QApplication>
#include <QFile>
#include <QPixmap>
#include <QTest>
#include <QWidget>

namespace sixgate::tests
{

namespace
{

constexpr int settleTime = 60; // ms, until all of a window has taken the other palette

void save(QWidget &window, const QString &name, const QString &theme)
{
    for (const int scale : {1, 2}) {
        // Drawn anew, not enlarged: text and lines are as sharp as on such a screen.
        QPixmap picture(window.size() * scale);
        picture.setDevicePixelRatio(scale);
        picture.fill(window.palette().color(QPalette::Window));
        window.render(&picture);
        picture.save(QStringLiteral("%1/%2-%3-%4x.png").arg(qEnvironmentVariable("SHOTS"), name, theme).arg(scale));
    }
}

} // namespace

QPalette darkPalette()
{
    QPalette one;
    const QColor ground(0x17, 0x1a, 0x1f), field(0x1d, 0x21, 0x27), text(0xe8, 0xea, 0xed), off(0x6a, 0x73, 0x7d);
    one.setColor(QPalette::Window, ground);
    one.setColor(QPalette::Base, field);
    one.setColor(QPalette::AlternateBase, QColor(0x22, 0x27, 0x2e));
    one.setColor(QPalette::Button, QColor(0x2a, 0x2f, 0x37));
    one.setColor(QPalette::Mid, QColor(0x3a, 0x42, 0x4b));
    one.setColor(QPalette::ToolTipBase, field);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText}) {
        one.setColor(role, text);
        one.setColor(QPalette::Disabled, role, off);
    }
    one.setColor(QPalette::PlaceholderText, QColor(0x9a, 0xa0, 0xa6));
    one.setColor(QPalette::Highlight, QColor(0x3b, 0x6e, 0xa8));
    one.setColor(QPalette::HighlightedText, Qt::white);
    return one;
}

void takePictures(QWidget &window, const QString &name)
{
    const QString folder = qEnvironmentVariable("SHOTS");
    if (folder.isEmpty() || QFile::exists(QStringLiteral("%1/%2-dark-2x.png").arg(folder, name)))
        return;
    const WatchPause pause; // the picture is the test's own
    const QPalette before = QApplication::palette();
    QTest::qWait(settleTime);
    save(window, name, QStringLiteral("light"));
    QApplication::setPalette(darkPalette());
    QTest::qWait(settleTime);
    save(window, name, QStringLiteral("dark"));
    QApplication::setPalette(before);
    QTest::qWait(settleTime);
}

} // namespace sixgate::tests
