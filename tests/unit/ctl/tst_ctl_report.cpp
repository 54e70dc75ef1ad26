// The report that is shown to others: all of a check is in it, and nothing that tells whose it is.

#include "ctl/report.h"

#include "decide/catalogue.h"
#include "reports.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace sixgate;
using namespace sixgate::ctl;

namespace
{

Site meiers()
{
    const auto host = [](const char *name) { return *Hostname::parse(latin(name)); };
    const auto label = [](const char *name) { return *Label::parse(latin(name)); };
    Site site{1, label("home"), {}, {}, {}, {}};
    site.dns = {{label("main"), host("meier.de"),
                 UpdateAccess{host("ns.provider.net"),
                              *Port::parse(latin("53")),
                              {*KeyName::parse(latin("meier-key"))},
                              TsigKeyRef{*KeyName::parse(latin("meier-acme"))}}}};
    site.services = {{label("cloud"),
                      {host("cloud.meier.de")},
                      host("home6.meier.de"),
                      label("nas"),
                      *Port::parse(latin("443")),
                      *UrlPath::parse(latin("/"))}};
    return site;
}

CheckReport meiersReport()
{
    CheckReport report;
    report.paths = {pathOf(PathKind::V4, PathState::Works, "cloud.meier.de"),
                    pathOf(PathKind::V6, PathState::Broken, "cloud.meier.de")};
    report.paths[1].addresses = {*parseIpAddress(latin("2003:e4:1:2::11")), *parseIpAddress(latin("93.184.1.2"))};
    report.paths[1].steps[1].detail = latin("2003:e4:1:2::11 port 443, from 192.168.178.20 (52:54:00:ab:cd:ef)");
    report.paths[1].error->detail = latin("SSH as ada@laptop by /home/ada/.ssh/id, key "
                                          "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDfrJ3M5A3H9wIqXXE\033[31m");
    Condition root = wholeCondition();
    root.about = latin("cloud.meier.de");
    root.evidence << latin("meier-key was refused by ns.provider.net");
    Condition consequence = conditionOf("proxy-cannot-reach", Severity::Error);
    consequence.explainedBy = latin("router-firewall");
    report.diagnosis.roots = {root};
    report.diagnosis.consequences = {consequence};
    report.diagnosis.reasoning = {{latin("Who answers is on."), latin("2003:e4:1:2::11 is on.")}};
    report.took = std::chrono::milliseconds(3456);
    return report;
}

int modeOf(const QString &path)
{
    struct stat status;
    return ::lstat(QFile::encodeName(path).constData(), &status) == 0 ? int(status.st_mode & 07777) : -1;
}

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : latin("not there");
}

} // namespace

class TestCtlReport : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void text()
    {
        const QString text =
            reportText(meiers(), meiersReport(), QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC));
        for (const char *one : {"Report of a check by Sixgate",
                                "Version: 0.",
                                "Time: 2026-",
                                "The check took 3456 ms.",
                                "1 v4 of cloud.example.org (cloud): works, 121 ms, from this machine",
                                "+ resolve, 7 ms: ",
                                "- connect, 110 ms, ECONNREFUSED: ",
                                "! Nobody answers.",
                                "address 2001:db8:a002:1::101",
                                "error router-firewall, about cloud.example.org",
                                "saw: in the LAN: connected",
                                "to do: Let TCP port 443 through",
                                "to do: OpenWrt: Network, Firewall",
                                "to do: Other routers: Look for",
                                "error proxy-cannot-reach, about nas",
                                "explained by router-firewall",
                                "Who answers is on.",
                                "    2001:db8:a002:1::101 is on.",
                                "user1@",
                                "/home/user1/.ssh/id"})
            QVERIFY2(text.contains(latin(one)), qPrintable(latin(one) + u'\n' + text));
        for (const char *one : {"meier", "2003:", "93.184", "178.20", "52:54", "ada", "laptop", "provider", "VztksCsD",
                                "2001:db8:1::11", "\033"})
            QVERIFY2(!text.contains(latin(one), Qt::CaseInsensitive), qPrintable(latin(one) + u'\n' + text));
    }

    // Whatever is found: every condition there is, about a home whose words all tell whose it is.
    void everyConditionOfTheCatalogue()
    {
        Site site = meiers();
        site.vps = {{*Label::parse(latin("vps")),
                     *Hostname::parse(latin("vps.meier.de")),
                     *Port::parse(latin("22")),
                     *Login::parse(latin("ada")),
                     QString(),
                     {},
                     {*HttpsUrl::parse(latin("https://acme.authority.org/dir")), {}, true}}};
        site.services[0].probePath = *UrlPath::parse(latin("/s/TOKEN"));
        const auto content = [](const char *file) {
            QFile in(latin(file));
            return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
        };
        const QByteArray words = content(CONDITIONS_DIR "/catalogue.json");
        const auto catalogue = Catalogue::parse(words, content(CONDITIONS_DIR "/routers.json"));
        QVERIFY(catalogue);
        const std::map<QString, QString> known = {
            {latin("user"), latin("ada")},
            {latin("issuer"), latin("CN=Meier Home CA,O=Familie Meier")},
            {latin("url"), latin("https://cloud.meier.de/s/TOKEN")},
            {latin("vps"), latin("vps.meier.de")},
            {latin("name"), latin("cloud.meier.de")},
            {latin("names"), latin("cloud.meier.de, *.meier.de")},
            {latin("record"), latin("cloud.meier.de AAAA")},
            {latin("address"), latin("2003:e4:1:2::11")},
            {latin("old"), latin("2003:e4:1:2::11")},
            {latin("new"), latin("93.184.1.2")},
            {latin("fingerprint"), latin("SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDfrJ3M5A3H9wIqXXE")}};
        // All others say who logs in: nothing of it may be left, wherever it is put.
        Fields fields;
        static const QRegularExpression placeholder(latin("\\{([A-Za-z0-9]+)\\}"));
        for (auto matches = placeholder.globalMatch(QString::fromUtf8(words)); matches.hasNext();) {
            const QString name = matches.next().captured(1);
            const auto found = known.find(name);
            fields[name] = found == known.end() ? latin("ada") : found->second;
        }
        QVERIFY(fields.size() > known.size());
        CheckReport report = reportOf("b");
        report.paths[0] = pathOf(PathKind::V4, PathState::Broken, "cloud.meier.de");
        report.paths[0].steps.push_back(
            {latin("http"), true, std::chrono::milliseconds(9), latin("GET /s/TOKEN: status 302"), QString()});
        report.paths[0].error->detail = latin("/s/TOKEN → /login/TOKEN → /s/TOKEN");
        for (const auto &[code, entry] : catalogue->entries()) {
            report.diagnosis.roots.push_back(catalogue->words(
                code, latin("ada"), fields,
                {latin("ada may not log in at vps.meier.de"), latin("names cloud.meier.de; issuer CN=Meier Home CA,"
                                                                    "O=Familie Meier; valid until 2026-11-26")}));
        }
        report.diagnosis.reasoning = {{latin("Is ada let in?"), latin("ada is refused.")}};
        static const QRegularExpression own(
            latin("(?<![\\p{L}\\p{N}_])ada(?![\\p{L}\\p{N}_])|meier|TOKEN|2003:|93\\.184|VztksCsD|authority\\.org"),
            QRegularExpression::CaseInsensitiveOption | QRegularExpression::UseUnicodePropertiesOption);
        const auto looked = [&](const CheckReport &one) {
            const QString text = reportText(site, one, QDateTime::fromSecsSinceEpoch(1'795'000'000, Qt::UTC));
            for (const QString &line : text.split(u'\n')) {
                if (own.match(line).hasMatch())
                    return line;
            }
            // A part of the report that is gone would show nothing, too.
            return text.contains(latin("user1")) && text.contains(latin("/path1")) ? QString() : latin("masks nothing");
        };
        QCOMPARE(looked(report), QString());
        // Each alone as well: what stands beside it must not be what masks it.
        for (const Condition &root : report.diagnosis.roots) {
            CheckReport one = report;
            one.diagnosis.roots = {root};
            one.diagnosis.roots[0].evidence.clear();
            QCOMPARE(looked(one), QString());
        }
    }

    void nothingFound()
    {
        const QString text = reportText(meiers(), reportOf("w"), QDateTime::currentDateTimeUtc());
        QVERIFY2(text.contains(latin("Conditions\n\nnone\n")), qPrintable(text));
    }

    void written()
    {
        const QTemporaryDir folder;
        const QString file = folder.filePath(latin("report.txt"));
        ::umask(0);
        QVERIFY(mayWriteReport(file, false));
        QVERIFY(writeReport(file, latin("first\n"), false));
        QCOMPARE(contentOf(file), latin("first\n"));
        QCOMPARE(modeOf(file), 0600);
        // Never over one that is there.
        for (const Outcome &refused : {mayWriteReport(file, false), writeReport(file, latin("second\n"), false)}) {
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, ErrorCode::Invalid);
            QVERIFY(refused.error().fix.contains(latin("--force")));
        }
        QCOMPARE(contentOf(file), latin("first\n"));
        // With --force it is replaced, and private even where the old one was not.
        QVERIFY(QFile::setPermissions(file, QFile::ReadOwner | QFile::ReadOther));
        QVERIFY(mayWriteReport(file, true));
        QVERIFY(writeReport(file, latin("second\n"), true));
        QCOMPARE(contentOf(file), latin("second\n"));
        QCOMPARE(modeOf(file), 0600);
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 1);
    }

    void linksAndFolders()
    {
        const QTemporaryDir folder;
        const QString link = folder.filePath(latin("link"));
        const QString target = folder.filePath(latin("target"));
        QVERIFY(QFile::link(target, link)); // leads to nothing
        QVERIFY(!mayWriteReport(link, false));
        QVERIFY(!writeReport(link, latin("x"), false));
        QVERIFY(!QFile::exists(target));
        QVERIFY(!mayWriteReport(folder.path(), true));
        QVERIFY(!writeReport(folder.path(), latin("x"), false));
        for (const bool force : {false, true}) {
            const Outcome missing = mayWriteReport(folder.filePath(latin("a/b")), force);
            QVERIFY(!missing);
            QVERIFY(missing.error().summary.contains(folder.filePath(latin("a"))));
            QVERIFY(!missing.error().summary.contains(folder.filePath(latin("a/b"))));
        }
        const Outcome nowhere = writeReport(folder.filePath(latin("a/b")), latin("x"), false);
        QVERIFY(!nowhere);
        QCOMPARE(nowhere.error().code, ErrorCode::NotFound);
    }
};

QTEST_GUILESS_MAIN(TestCtlReport)
#include "tst_ctl_report.moc"
