// A second start of the program raises the window of the first one: real processes on a screen of their own, which this
// program starts, and itself again inside.

#include "owndesktop.h"

#include <QApplication>
#include <QFile>
#include <QProcess>
#include <QScreen>
#include <QTemporaryDir>
#include <QTest>
#include <QWidget>

using namespace sixgate;

namespace
{

QString latin(const char *text)
{
    return QString::fromLatin1(text);
}

/// Lies over all of the screen, until another one is raised above it.
class Cover : public QWidget
{
public:
    Cover() : QWidget(nullptr, Qt::FramelessWindowHint)
    {
        QPalette own = palette();
        own.setColor(QPalette::Window, colour);
        setPalette(own);
        setGeometry(screen()->geometry());
    }
    bool covers() const
    {
        const QImage all = screen()->grabWindow(0).toImage();
        for (int y = 5; y < all.height(); y += 20) {
            for (int x = 5; x < all.width(); x += 20) {
                if (all.pixelColor(x, y) != colour)
                    return false;
            }
        }
        return true;
    }

private:
    const QColor colour{0xff, 0x00, 0x80};
};

} // namespace

class TestSecond : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    QString site(const char *name)
    {
        const QString file = m_folder.filePath(latin(name));
        QFile::copy(latin(SIXGATE_SOURCE_DIR "/resources/handbook/example-site.json"), file);
        return file;
    }
    void begin(QProcess &program, const QString &siteFile)
    {
        QProcessEnvironment with = QProcessEnvironment::systemEnvironment();
        for (const char *name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "HOME"})
            with.insert(latin(name), m_folder.path());
        program.setProcessEnvironment(with);
        program.start(latin(SIXGATE), {latin("--only-watch"), latin("--site"), siteFile});
        QVERIFY(program.waitForStarted(5000));
    }
    void end(QProcess &program)
    {
        program.terminate();
        QVERIFY(program.waitForFinished(10000));
        QCOMPARE(program.exitCode(), 0);
    }

private Q_SLOTS:
    void raises()
    {
        Cover cover;
        cover.show();
        QTRY_VERIFY(cover.covers());
        QProcess first, second, other;
        begin(first, site("one.json"));
        QTRY_VERIFY_WITH_TIMEOUT(!cover.covers(), 20000);
        QTest::qWait(500);
        cover.raise();
        QTRY_VERIFY(cover.covers());
        begin(second, site("one.json"));
        QVERIFY(second.waitForFinished(20000));
        QCOMPARE(second.exitStatus(), QProcess::NormalExit);
        QCOMPARE(second.exitCode(), 0);
        QTRY_VERIFY(!cover.covers());
        QCOMPARE(first.state(), QProcess::Running);

        // That of another site is another one.
        cover.raise();
        QTRY_VERIFY(cover.covers());
        begin(other, site("two.json"));
        QTRY_VERIFY_WITH_TIMEOUT(!cover.covers(), 20000);
        QCOMPARE(other.state(), QProcess::Running);
        end(other);

        // One that has crashed keeps no other one out.
        first.kill();
        QVERIFY(first.waitForFinished(5000));
        QTRY_VERIFY(cover.covers());
        QProcess next;
        begin(next, site("one.json"));
        QTRY_VERIFY_WITH_TIMEOUT(!cover.covers(), 20000);
        QCOMPARE(next.state(), QProcess::Running);
        end(next);
    }
};

namespace
{

int outside(int argc, char **argv)
{
    return tests::OwnDesktop::runAll(argc, argv, {{tests::OwnDesktop::Bus::Yes, {}}});
}

} // namespace

int main(int argc, char **argv)
{
    if (!tests::OwnDesktop::isInside())
        return outside(argc, argv);
    QApplication app(argc, argv);
    TestSecond test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_second.moc"
