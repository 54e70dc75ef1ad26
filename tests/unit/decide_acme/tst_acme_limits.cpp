// When a certification authority may be asked again: tables of what was tried.

#include "decide/acmelimits.h"

#include <QTest>

using namespace sixgate;
using namespace std::chrono_literals;

namespace
{

const auto letsEncrypt = QStringLiteral("https://acme-v02.api.letsencrypt.org/directory");
const auto staging = QStringLiteral("https://acme-staging-v02.api.letsencrypt.org/directory");
const auto other = QStringLiteral("https://acme.example.net/dir");

QDateTime noon()
{
    return QDateTime(QDate(2026, 11, 23), QTime(12, 0), Qt::UTC);
}

HttpsUrl url(const QString &text)
{
    return *HttpsUrl::parse(text);
}

std::vector<Hostname> names(const QString &words)
{
    std::vector<Hostname> all;
    for (const QString &word : words.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        all.push_back(*Hostname::parse(word));
    return all;
}

/// "failed a.example.org,b.example.org -600" for each line: how it ended, names, seconds from noon; for "limited" when
/// the authority is to be asked again, too.
std::vector<AcmeAttempt> attempts(const QString &lines, const QString &directory)
{
    std::vector<AcmeAttempt> all;
    for (const QString &line : lines.split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        const QStringList field = line.split(QLatin1Char(' '));
        AcmeAttempt one;
        one.end = field[0] == QLatin1String("failed")   ? AcmeEnd::Failed
                  : field[0] == QLatin1String("issued") ? AcmeEnd::Issued
                                                        : AcmeEnd::Limited;
        const QStringList words = field[1].split(QLatin1Char(','));
        one.names = {words.begin(), words.end()};
        one.at = noon().addSecs(field[2].toLongLong());
        if (field.size() > 3)
            one.until = noon().addSecs(field[3].toLongLong());
        one.directory = directory;
        all.push_back(one);
    }
    return all;
}

QString lines(const char *what, std::initializer_list<int> at, const char *of = "cloud.example.org")
{
    QString all;
    for (const int one : at)
        all += QStringLiteral("%1 %2 %3\n").arg(QLatin1String(what), QLatin1String(of)).arg(one);
    return all;
}

} // namespace

class TestAcmeLimits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pause_data()
    {
        QTest::addColumn<QString>("directory");
        QTest::addColumn<QString>("tried");
        QTest::addColumn<QString>("wanted");
        QTest::addColumn<int>("seconds"); // from noon until the next try; 0: now
        const auto row = [](const char *name, const QString &directory, const QString &tried, const char *wanted,
                            int seconds) {
            QTest::newRow(name) << directory << tried << QString::fromLatin1(wanted) << seconds;
        };
        const char *cloud = "cloud.example.org";
        constexpr int week = 7 * 86400, hour = 3600, minute = 60;
        row("nothing was tried", letsEncrypt, {}, cloud, 0);
        row("four failures", letsEncrypt, lines("failed", {-4, -3, -2, -1}), cloud, 0);
        row("five failures at once", letsEncrypt, lines("failed", {0, 0, 0, 0, 0}), cloud, 12 * minute);
        row("five failures, the first long enough ago", letsEncrypt, lines("failed", {-720, -4, -3, -2, -1}), cloud, 0);
        row("one comes back after twelve minutes", letsEncrypt, lines("failed", {-100, -100, -100, -100, -100}), cloud,
            12 * minute - 100);
        row("each try that fails then costs what came back", letsEncrypt,
            lines("failed", {-720, -720, -720, -720, -720, 0}), cloud, 12 * minute);
        row("more than the authority counts", letsEncrypt, lines("failed", {0, 0, 0, 0, 0, 0, 0}), cloud, 36 * minute);
        row("an hour later all are back", letsEncrypt, lines("failed", {-3600, -3600, -3600, -3600, -3600}), cloud, 0);
        row("failures of another name", letsEncrypt, lines("failed", {0, 0, 0, 0, 0}, "www.example.org"), cloud, 0);
        row("of one of two names", letsEncrypt, lines("failed", {0, 0, 0, 0, 0}, "www.example.org"),
            "cloud.example.org www.example.org", 12 * minute);
        row("of both names in turns", letsEncrypt,
            lines("failed", {0, 0, 0}) + lines("failed", {0, 0, 0}, "www.example.org"),
            "cloud.example.org www.example.org", 0);
        row("at another authority", other, {}, cloud, 0);
        row("five failures at an authority that nobody knows", other, lines("failed", {0, 0, 0, 0, 0}), cloud,
            12 * minute);
        row("staging takes more", staging, lines("failed", {0, 0, 0, 0, 0, 0, 0}), cloud, 0);
        row("in the future: a clock was wrong", letsEncrypt, lines("failed", {60, 60, 60, 60, 60}), cloud, 0);
        row("in no order", letsEncrypt, lines("failed", {-1, -720, -3, -2, -4}), cloud, 0);

        row("four certificates", letsEncrypt, lines("issued", {-4, -3, -2, -1}), cloud, 0);
        row("five certificates", letsEncrypt, lines("issued", {0, 0, 0, 0, 0}), cloud, 34 * hour);
        row("five within a week", letsEncrypt, lines("issued", {-30 * hour, -4, -3, -2, -1}), cloud, 4 * hour);
        row("five, the first a week ago", letsEncrypt, lines("issued", {-week, -4, -3, -2, -1}), cloud, 0);
        row("five for more names", letsEncrypt, lines("issued", {0, 0, 0, 0, 0}, "cloud.example.org,www.example.org"),
            cloud, 0);
        row("five for the same names in another order", letsEncrypt,
            lines("issued", {0, 0, 0, 0, 0}, "www.example.org,cloud.example.org"), "cloud.example.org www.example.org",
            34 * hour);
        row("another authority's number is not known", other, lines("issued", {0, 0, 0, 0, 0, 0}), cloud, 0);
        row("certificates are no failures", letsEncrypt, lines("issued", {0, 0, 0}) + lines("failed", {0, 0, 0}), cloud,
            0);
        row("the longer pause counts", letsEncrypt, lines("issued", {0, 0, 0, 0, 0}) + lines("failed", {0, 0, 0, 0, 0}),
            cloud, 34 * hour);

        row("the authority's word", other, QStringLiteral("limited cloud.example.org -60 5000"), cloud, 5000);
        row("the authority's word without a time", other, QStringLiteral("limited cloud.example.org -60"), cloud,
            hour - 60);
        row("it is over", other, QStringLiteral("limited cloud.example.org -7200 -1"), cloud, 0);
        row("about another name", other, QStringLiteral("limited www.example.org -60 5000"), cloud, 0);
    }

    void pause()
    {
        QFETCH(QString, directory);
        QFETCH(QString, tried);
        QFETCH(QString, wanted);
        QFETCH(int, seconds);
        const auto made = attempts(tried, directory);
        const auto pause = acmePause(made, url(directory), names(wanted), noon());
        QCOMPARE(pause.has_value(), seconds > 0);
        if (!pause)
            return;
        QCOMPARE(noon().secsTo(pause->until), qint64(seconds));
        QVERIFY2(pause->sentence.contains(QStringLiteral("; the next try is possible at 2026-11-2")) &&
                     pause->sentence.contains(pause->until.toString(QStringLiteral("HH:mm:ss")) +
                                              QStringLiteral(" UTC, in ")) &&
                     pause->sentence.endsWith(QLatin1Char('.')),
                 qPrintable(pause->sentence));
        QVERIFY(!pause->fix.isEmpty());
        // At that moment it may be asked, a second before not; another directory is not concerned.
        QVERIFY(!acmePause(made, url(directory), names(wanted), pause->until));
        QVERIFY(acmePause(made, url(directory), names(wanted), pause->until.addSecs(-1)));
        QVERIFY(!acmePause(made, url(QStringLiteral("https://ca.example.com/dir")), names(wanted), noon()));
    }

    void withoutAClock()
    {
        QVERIFY(!acmePause(attempts(lines("failed", {0, 0, 0, 0, 0}), other), url(other),
                           names(QStringLiteral("cloud.example.org")), {}));
    }

    void countdowns_data()
    {
        QTest::addColumn<int>("seconds");
        QTest::addColumn<QString>("text");
        const auto row = [](int seconds, const char *text) {
            QTest::newRow(text) << seconds << QString::fromLatin1(text);
        };
        row(1, "in 1 min");
        row(61, "in 2 min");
        row(59 * 60, "in 59 min");
        row(59 * 60 + 1, "in 1 h 0 min");
        row(34 * 3600, "in 1 d 10 h");
        row(23 * 3600 + 59 * 60, "in 23 h 59 min");
        row(6 * 86400 + 1, "in 6 d 1 h");
    }

    void countdowns()
    {
        QFETCH(int, seconds);
        QFETCH(QString, text);
        QCOMPARE(countdown(std::chrono::seconds(seconds)), text);
    }
};

QTEST_GUILESS_MAIN(TestAcmeLimits)
#include "tst_acme_limits.moc"
