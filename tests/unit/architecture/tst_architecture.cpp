// Scans the includes of every source file and prints the reason with each forbidden edge. The rules are those of
// ARCHITECTURE.md; the link list of each room enforces the same ones a second time.

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QRegularExpression>
#include <QTest>

namespace
{

struct Room {
    QString name;
    QString folder;         // below the project
    QStringList mayInclude; // rooms
    QString reason;         // why the list is no longer
};

// All rooms, from the first day on, also those that are still empty.
QList<Room> rooms()
{
    const auto s = [](const char *text) { return QString::fromLatin1(text); };
    const auto l = [](const char *text) {
        return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    };
    return {
        {s("model"), s("core/model"), l(""), s("model holds values and knows QtCore only")},
        {s("decide"), s("core/decide"), l("model"), s("decide is pure: no I/O, no clock, so that tables can test it")},
        {s("transport"), s("core/transport"), l("model resources"), s("transport moves bytes and knows no decision")},
        {s("storage"), s("core/storage"), l("model resources"), s("storage keeps values and knows no decision")},
        {s("observe"), s("core/observe"), l("model transport resources"),
         s("observe reads; it neither decides nor changes")},
        {s("apply"), s("core/apply"), l("model transport resources"),
         s("apply does what a plan says; it neither observes nor decides")},
        {s("verify"), s("core/verify"), l("model transport resources"),
         s("verify proves from outside what apply claims")},
        {s("engine"), s("core/engine"), l("model decide transport storage observe apply verify resources"),
         s("engine ties the rooms below it together")},
        {s("ipc"), s("core/ipc"), l("model transport storage engine"),
         s("ipc shows the engine to others, over a socket in the site's folder")},
        {s("ui"), s("ui"), l("model ipc"), s("ui renders snapshots and sends intents")},
        {s("app"), s("app"), l("model decide transport storage observe apply verify engine ipc ui resources app"),
         s("app is the composition root")},
        {s("resources"), s("resources"), l(""), s("resources are data")},
    };
}

struct Edge {
    QString file;
    int line = 0;
    QString include;
};

QList<Edge> includesBelow(const QString &folder)
{
    static const QRegularExpression pattern(QString::fromLatin1("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]"));
    QList<Edge> edges;
    QDirIterator files(folder, {QStringLiteral("*.h"), QStringLiteral("*.cpp")}, QDir::Files,
                       QDirIterator::Subdirectories);
    while (files.hasNext()) {
        QFile file(files.next());
        if (!file.open(QIODevice::ReadOnly))
            continue;
        const auto lines = QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'));
        for (int i = 0; i < lines.size(); ++i) {
            const auto match = pattern.match(lines[i]);
            if (match.hasMatch())
                edges.append({file.fileName(), i + 1, match.captured(1)});
        }
    }
    return edges;
}

// The reason why `include` is forbidden in `room`; empty where it is allowed.
QString forbidden(const Room &room, const QString &include)
{
    const QString first = include.section(QLatin1Char('/'), 0, 0);
    for (const Room &other : rooms()) {
        if (first != other.name || !include.contains(QLatin1Char('/')))
            continue;
        if (other.name == room.name || room.mayInclude.contains(other.name))
            return {};
        return QStringLiteral("%1 must not include %2: %3").arg(room.name, other.name, room.reason);
    }
    static const QRegularExpression gui(
        QStringLiteral("^(QtGui|QtWidgets|QWidget|QApplication|QGuiApplication|QPixmap|QIcon|QImage|QPainter)"));
    if (room.folder.startsWith(QLatin1String("core/")) && gui.match(include).hasMatch())
        return QStringLiteral("no room of core uses Qt Gui or Widgets: the core runs on machines without a display");
    static const QRegularExpression beyondCore(
        QStringLiteral("^(QHost|QTcp|QUdp|QSsl|QNetwork|QDns|QLocal|QProcess|QTimer|QFile|QDir|QSaveFile|QThread|sys/"
                       "|netinet/|arpa/|unistd)"));
    if (room.name == QLatin1String("decide") && beyondCore.match(include).hasMatch())
        return QStringLiteral("decide is pure: no I/O, no clock, no threads");
    return {};
}

// The types that a header defines for others, with their name space: "sixgate::Site". clang-format leaves what stands
// in a name space without indentation.
QStringList typesDefined(const QString &header)
{
    static const QRegularExpression opens(QStringLiteral("^namespace ([A-Za-z0-9_:]+)"));
    static const QRegularExpression closes(QStringLiteral("^\\} // namespace"));
    static const QRegularExpression defines(QStringLiteral("^(?:struct|class|union|enum class|enum) ([A-Za-z0-9_]+)"));
    QStringList spaces, types;
    const auto lines = header.split(QLatin1Char('\n'));
    for (const QString &line : lines) {
        if (const auto match = opens.match(line); match.hasMatch())
            spaces << match.captured(1);
        else if (closes.match(line).hasMatch() && !spaces.isEmpty())
            spaces.removeLast();
        else if (const auto type = defines.match(line);
                 type.hasMatch() && (line.contains(QLatin1Char('{')) || !line.endsWith(QLatin1Char(';'))))
            types << (spaces + QStringList{type.captured(1)}).join(QStringLiteral("::"));
    }
    return types;
}

// The texts for people in a source file that do not go through tr(): a literal with two words or more, of letters, that
// stands in QStringLiteral or the like. Style sheets, HTML and regular expressions are no such texts; in the core
// QLatin1String is what is compared with, and braces are a provider's placeholders.
QStringList untranslated(const QString &source, bool core = false)
{
    static const QRegularExpression literal(QStringLiteral(
        "(QStringLiteral|QLatin1String|fromLatin1|fromUtf8|QString)\\(\\s*\"((?:[^\"\\\\]|\\\\.|\"\\s*\")*)\""));
    static const QRegularExpression joint(QStringLiteral("(?<!\\\\)\"\\s*\""));
    static const QRegularExpression words(QStringLiteral("[A-Za-z]{2,} [a-z]{2,}"));
    QStringList found;
    for (auto all = literal.globalMatch(source); all.hasNext();) {
        const QRegularExpressionMatch one = all.next();
        const QString text = one.captured(2).remove(joint);
        if (!text.contains(words) || text.contains(QLatin1Char('|')))
            continue;
        if (core ? one.captured(1) == QLatin1String("QStringLiteral")
                 : !text.contains(QLatin1Char('{')) && !text.contains(QLatin1Char('<')))
            found << text;
    }
    return found;
}

} // namespace

class TestArchitecture : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void roomsKeepToTheirRules()
    {
        const QDir root(QString::fromLatin1(SIXGATE_SOURCE_DIR));
        QStringList found;
        int scanned = 0;
        for (const Room &room : rooms()) {
            for (const Edge &edge : includesBelow(root.filePath(room.folder))) {
                ++scanned;
                const QString why = forbidden(room, edge.include);
                if (!why.isEmpty())
                    found << QStringLiteral("%1:%2 includes %3\n    %4")
                                 .arg(root.relativeFilePath(edge.file))
                                 .arg(edge.line)
                                 .arg(edge.include, why);
            }
        }
        QVERIFY2(scanned > 50, "the scan found hardly any includes: is the source folder right?");
        QVERIFY2(found.isEmpty(), qPrintable(QLatin1Char('\n') + found.join(QLatin1Char('\n'))));
    }

    void everyFolderIsARoom()
    {
        const QDir root(QString::fromLatin1(SIXGATE_SOURCE_DIR "/core"));
        QStringList known;
        for (const Room &room : rooms())
            known << room.folder;
        for (const QString &folder : root.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            QVERIFY2(known.contains(QStringLiteral("core/") + folder),
                     qPrintable(QStringLiteral("core/%1 is not a known room").arg(folder)));
    }

    // Two types of one name in two headers break the one definition rule as soon as two files of the program see one
    // each: the compiler need not tell, and the program does what it likes.
    void everyTypeHasOneHeader()
    {
        const QDir root(QString::fromLatin1(SIXGATE_SOURCE_DIR));
        QMap<QString, QString> homes;
        QStringList found;
        for (const char *folder : {"core", "ui", "app", "resources"}) {
            QDirIterator files(root.filePath(QString::fromLatin1(folder)), {QStringLiteral("*.h")}, QDir::Files,
                               QDirIterator::Subdirectories);
            while (files.hasNext()) {
                QFile file(files.next());
                QVERIFY(file.open(QIODevice::ReadOnly));
                const QString header = root.relativeFilePath(file.fileName());
                for (const QString &type : typesDefined(QString::fromUtf8(file.readAll()))) {
                    if (homes.contains(type))
                        found << QStringLiteral("%1 is defined in %2 and in %3").arg(type, homes[type], header);
                    homes[type] = header;
                }
            }
        }
        QVERIFY2(homes.size() > 50, "the scan found hardly any types: is the source folder right?");
        QVERIFY(homes.contains(QStringLiteral("sixgate::Site")));
        QVERIFY2(found.isEmpty(), qPrintable(QLatin1Char('\n') + found.join(QLatin1Char('\n'))));
    }

    void definitionsAreSeen()
    {
        const QString header = QStringLiteral("struct pollfd;\n"
                                              "namespace sixgate\n{\n\n"
                                              "class Later;\n"
                                              "struct Site {\n    struct Inner {\n    };\n};\n"
                                              "class Session : public Base\n{\n};\n"
                                              "enum class Verb { Create, Delete };\n"
                                              "template <class T>\nstruct Box {\n};\n"
                                              "} // namespace sixgate\n"
                                              "namespace sixgate::codec\n{\nstruct Site {\n};\n}\n");
        QCOMPARE(typesDefined(header).join(QLatin1Char(' ')),
                 QStringLiteral("sixgate::Site sixgate::Session sixgate::Verb sixgate::Box sixgate::codec::Site"));
    }

    // The window, the program around it, and what the core says can be had in another language.
    void textsGoThroughTr()
    {
        const QDir root(QString::fromLatin1(SIXGATE_SOURCE_DIR));
        QStringList found;
        int translated = 0;
        // What is run, read or written by machines.
        static const QStringList machines{
            QStringLiteral("apache2ctl configtest && systemctl reload apache2"),
            QStringLiteral("nginx -t && systemctl reload nginx"),
            QStringLiteral("caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy"),
            QStringLiteral("# For %1 at home: save this as %2\\n# %3\\n# Then: %4\\n\\n%5"),
            QStringLiteral("ddd, dd MMM yyyy HH:mm:ss +0000"),
            QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"),
            QStringLiteral("hostname mismatch"),
            QStringLiteral("Presented: %1. No login was attempted."),
            QStringLiteral("Presented: %1.\\nPinned: %2.\\nNo login was attempted."),
            QStringLiteral("trouble since %1 UTC"),
            QStringLiteral("another machine keeps it now"),
            QStringLiteral("over after %1"),
            QStringLiteral("no zone"),
            QStringLiteral("push key"),
            QStringLiteral("DNS key"),
            QStringLiteral("VPS files"),
            QStringLiteral("VPS name"),
            QStringLiteral("certificate of %1 (%2)"),
            QStringLiteral("sixgatectl secret set %1"),
            QStringLiteral("sixgatectl secret set dns.%1.%2"),
            QStringLiteral("\\\"sixgatectl secret set %1\\\""),
            QStringLiteral("ufw insert 1 allow %1/tcp"),
            QStringLiteral("PubkeyAuthentication no"),
            QStringLiteral("action failed"),
            QStringLiteral("as it was"),
            QStringLiteral("--- %1\\n+++ %1\\n(the old content is too long to show)\\n")};
        for (const char *folder : {"ui", "app/desktop", "app/running", "app/keeping", "core"}) {
            const bool isWindow = qstrcmp(folder, "ui") == 0 || qstrcmp(folder, "app/desktop") == 0;
            QDirIterator files(root.filePath(QString::fromLatin1(folder)),
                               {QStringLiteral("*.h"), QStringLiteral("*.cpp")}, QDir::Files,
                               QDirIterator::Subdirectories);
            while (files.hasNext()) {
                QFile file(files.next());
                QVERIFY(file.open(QIODevice::ReadOnly));
                const QString source = QString::fromUtf8(file.readAll());
                translated += int(source.count(QStringLiteral("tr(\"")));
                for (const QString &text : untranslated(source, !isWindow)) {
                    if (!machines.contains(text))
                        found << QStringLiteral("%1: \"%2\"").arg(root.relativeFilePath(file.fileName()), text);
                }
            }
        }
        QVERIFY2(translated > 200, "the scan found hardly any texts: is the source folder right?");
        QVERIFY2(found.isEmpty(), qPrintable(QLatin1Char('\n') + found.join(QLatin1Char('\n'))));
    }

    void untranslatedTextsAreSeen()
    {
        const QString source = QStringLiteral("label->setText(QStringLiteral(\"Nothing was found.\"));\n"
                                              "label->setText(tr(\"Nothing was found.\"));\n"
                                              "sheet = QStringLiteral(\"QHeaderView { border: none now; }\");\n"
                                              "name(QStringLiteral(\"secret.dns\")); QLatin1String(\"really so\");\n");
        QCOMPARE(untranslated(source),
                 QStringList({QStringLiteral("Nothing was found."), QStringLiteral("really so")}));
        const QString core =
            QStringLiteral("say(QStringLiteral(\"%1 went \"\n    \"away to {place}.\"), QLatin1String(\"no key\"));\n"
                           "say(Texts::tr(\"%1 is gone.\"));\n");
        QCOMPARE(untranslated(core, true).size(), 1);
    }

    void oneLibraryOneFile_data()
    {
        QTest::addColumn<QString>("header");
        QTest::newRow("libssh2") << QStringLiteral("libssh2.h");
        QTest::newRow("QtKeychain") << QStringLiteral("keychain.h");
        QTest::newRow("ldns") << QStringLiteral("ldns/ldns.h");
        QTest::newRow("mustache") << QStringLiteral("kainjow/mustache.hpp");
        QTest::newRow("SQLite") << QStringLiteral("sqlite3.h");
        QTest::newRow("libmnl") << QStringLiteral("libmnl/libmnl.h");
    }

    void oneLibraryOneFile()
    {
        QFETCH(QString, header);
        QStringList users;
        for (const Edge &edge : includesBelow(QString::fromLatin1(SIXGATE_SOURCE_DIR "/core"))) {
            const bool same = edge.include == header || edge.include.endsWith(QLatin1Char('/') + header);
            if (same && !users.contains(edge.file))
                users << edge.file;
        }
        QVERIFY2(users.size() <= 1, qPrintable(users.join(QLatin1Char('\n'))));
    }

    void forbiddenEdgesAreSeen_data()
    {
        QTest::addColumn<QString>("room");
        QTest::addColumn<QString>("include");
        QTest::addColumn<bool>("bad");
        const auto row = [](const char *room, const char *include, bool bad) {
            QTest::addRow("%s includes %s", room, include)
                << QString::fromLatin1(room) << QString::fromLatin1(include) << bad;
        };
        row("observe", "verify/paths.h", true);
        row("apply", "observe/zone.h", true);
        row("verify", "decide/plan.h", true);
        row("decide", "transport/dns.h", true);
        row("decide", "QFile", true);
        row("model", "decide/plan.h", true);
        row("ui", "engine/run.h", true);
        row("storage", "QWidget", true);
        row("engine", "verify/paths.h", false);
        row("decide", "model/site.h", false);
        row("transport", "sys/socket.h", false);
        row("ui", "ipc/keeper.h", false);
    }

    void forbiddenEdgesAreSeen()
    {
        QFETCH(QString, room);
        QFETCH(QString, include);
        QFETCH(bool, bad);
        for (const Room &one : rooms()) {
            if (one.name == room)
                QCOMPARE(!forbidden(one, include).isEmpty(), bad);
        }
    }
};

QTEST_GUILESS_MAIN(TestArchitecture)
#include "tst_architecture.moc"
