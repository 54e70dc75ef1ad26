#include "observe/vps.h"

#include "model/text.h"
#include "model/texts.h"
#include "resources/resources.h"
#include "transport/tls.h"

#include <QRegularExpression>

#include <optional>

namespace sixgate
{

namespace
{

// A VPS with more than this is none that Sixgate set up.
constexpr qsizetype mostLines = 20000;
constexpr qsizetype mostAnswer = 48 * 1024 * 1024;
// Of a firewall; as in facts.pl.
constexpr qsizetype mostRules = 512 * 1024;

tl::unexpected<Error> strange(const QString &detail)
{
    return fail(ErrorCode::Protocol, Texts::tr("The VPS's answer about its facts is not understood."), detail,
                Texts::tr("Log in to the VPS and see whether \"perl -v\" works, and whether that prints nothing "
                          "else."));
}

std::optional<std::vector<QByteArray>> valuesOf(const QList<QByteArray> &fields)
{
    std::vector<QByteArray> values;
    for (qsizetype i = 1; i < fields.size(); ++i) {
        const auto decoded = QByteArray::fromBase64Encoding(fields[i], QByteArray::AbortOnBase64DecodingErrors);
        if (!decoded)
            return std::nullopt;
        values.push_back(decoded.decoded);
    }
    return values;
}

bool matches(const QString &text, const QString &pattern)
{
    return QRegularExpression(QRegularExpression::anchoredPattern(pattern)).match(text).hasMatch();
}

bool isName(const QByteArray &bytes)
{
    // certbot names a lineage after its first host name: up to 253 characters.
    static const QString pattern = QStringLiteral("[A-Za-z0-9][A-Za-z0-9.+_-]{0,252}");
    return matches(QString::fromLatin1(bytes), pattern);
}

class Reader
{
public:
    Known<VpsFacts> read(const QByteArray &answer)
    {
        const auto lines = answer.split('\n');
        if (lines.size() < 2 || lines.size() > mostLines || lines[lines.size() - 2] != "end" || !lines.last().isEmpty())
            return strange(Texts::tr("%1 lines, without an end.").arg(lines.size()));
        for (qsizetype i = 0; i + 2 < lines.size(); ++i) {
            const auto fields = lines[i].split('\t');
            const auto values = valuesOf(fields);
            if (!values || !take(fields.first(), *values))
                return strange(Texts::tr("Line %1, \"%2\".").arg(i + 1).arg(shownLine(fields.first())));
        }
        for (const char *key :
             {"os", "uid", "systemd", "busy", "clock", "free", "ipv6", "apache", "timer", "deployed"}) {
            if (!m_once.count(key))
                return strange(Texts::tr("Nothing about \"%1\".").arg(QLatin1String(key)));
        }
        return std::move(m_facts);
    }

private:
    bool take(const QByteArray &key, const std::vector<QByteArray> &v)
    {
        if (v.size() == 1 && takeFlag(key, v[0]))
            return true;
        if (v.size() == 1 && takeText(key, v[0]))
            return true;
        if (key == "os" && v.size() == 3 && once(key)) {
            m_facts.osId = shownLine(v[0]);
            m_facts.osVersion = shownLine(v[1]);
            m_facts.osName = shownLine(v[2]);
            return true;
        }
        if (key == "package" && v.size() == 2 && isName(v[0]))
            return m_facts.packages.emplace(QString::fromLatin1(v[0]), shownLine(v[1])).second;
        if ((key == "ufw" || key == "nft") && v.size() == 1 && v[0].size() <= mostRules && once(key)) {
            (key == "ufw" ? m_facts.ufw : m_facts.nft) = v[0];
            return true;
        }
        if (key == "installed" && once(key)) {
            // With the architecture where there are several: "libc6:amd64".
            for (const QByteArray &one : v) {
                if (!matches(QString::fromLatin1(one), QStringLiteral("[a-z0-9][a-z0-9+.-]{0,127}(:[a-z0-9]{1,16})?")))
                    return false;
                m_facts.installed.push_back(QString::fromLatin1(one));
            }
            return true;
        }
        if (key == "maker" && v.size() == 2 && once(key)) {
            m_facts.madeVersion = shownLine(v[0]);
            m_facts.madeBy = shownLine(v[1]);
            return true;
        }
        if (key == "push" && v.size() == 5 && once(key))
            return takePush(v);
        if (key == "alarm" && v.size() == 8 && once(key))
            return takeAlarm(v);
        if (key == "renewals" && v.size() == 5 && once(key))
            return takeRenewals(v);
        if (key == "rehearsed" && v.size() == 4 && isName(v[0]))
            return takeRehearsed(v);
        if (key == "attempt" && v.size() == 5)
            return takeAttempt(v);
        if (key == "sshd" && v.size() > 1)
            return takeSshd(v);
        if (key == "file" && v.size() == 4)
            return takeFile(v);
        if (key == "certificate" && v.size() == 2 && isName(v[0])) {
            // A lineage that does not parse is as good as none.
            if (auto parsed = parseCertificate(v[1]))
                m_facts.certificates.emplace(QString::fromLatin1(v[0]), std::move(*parsed));
            return true;
        }
        if (key == "renewal" && v.size() == 3 && isName(v[0])) {
            m_facts.renewals[QString::fromLatin1(v[0])] = {shownLine(v[1]), shownLine(v[2])};
            return true;
        }
        return false;
    }

    bool takeFlag(const QByteArray &key, const QByteArray &value)
    {
        bool *flag = key == "systemd"   ? &m_facts.systemd
                     : key == "busy"    ? &m_facts.busy
                     : key == "ipv6"    ? &m_facts.hasGlobalIpv6
                     : key == "apache"  ? &m_facts.apacheActive
                     : key == "timer"   ? &m_facts.certbotTimerActive
                     : key == "webroot" ? &m_facts.webroot
                                        : nullptr;
        if (!flag || (value != "0" && value != "1") || !once(key))
            return false;
        *flag = value == "1";
        return true;
    }

    bool takeText(const QByteArray &key, const QByteArray &value)
    {
        const QString text = QString::fromLatin1(value);
        bool number = false;
        const qint64 n = value.toLongLong(&number);
        if (key == "uid" && number && n >= 0 && n <= 0x7fffffff && once(key))
            m_facts.uid = int(n);
        else if (key == "clock" && number && n > 0 && n < 253402300800LL && once(key))
            m_facts.clock = QDateTime::fromSecsSinceEpoch(n, Qt::UTC);
        else if (key == "free" && number && n >= -1 && once(key))
            m_facts.freeBytes = n;
        else if (key == "usr" && number && n >= 0 && once(key))
            m_facts.freeForPackages = n;
        else if (key == "deployed" && matches(text, QStringLiteral("([0-9a-f]{16})?")) && once(key))
            m_facts.deployedId = text;
        else if (key == "previous" && matches(text, QStringLiteral("[0-9a-f]{16}")) && once(key))
            m_facts.previousId = text;
        else if (key == "owner" && once(key))
            m_facts.busyWith = shownLine(value);
        else if (key == "edited" && isManagedPath(text))
            m_facts.edited.insert(text);
        else if (key == "used" && isName(value))
            m_facts.usedCertificates.insert(text);
        else if (key == "outer" && matches(text, QStringLiteral("[A-Za-z0-9_.@-]{1,15}")) && once(key))
            m_facts.outerInterface = text;
        else if (key == "module" && isName(value))
            m_facts.apacheModules.insert(text);
        else if (key == "site" && isName(value))
            m_facts.apacheSites.insert(text);
        else if (key == "listener" && matches(text, QStringLiteral("(80|443) [A-Za-z0-9._-]{1,64}")))
            m_facts.listeners80And443.push_back(text);
        else
            return false;
        return true;
    }

    bool takePush(const std::vector<QByteArray> &v)
    {
        PushSeen &push = m_facts.push;
        bool *const flags[] = {&push.any, &push.account, &push.keys, &push.running};
        for (size_t i = 0; i < std::size(flags); ++i) {
            if (v[i] != "0" && v[i] != "1")
                return false;
            *flags[i] = v[i] == "1";
        }
        push.unitSha256 = v[4];
        return matches(QString::fromLatin1(v[4]), QStringLiteral("([0-9a-f]{64})?"));
    }

    bool takeAlarm(const std::vector<QByteArray> &v)
    {
        AlarmSeen &alarm = m_facts.alarm;
        bool *const flags[] = {&alarm.any, &alarm.running, &alarm.sendmail};
        QByteArray *const hashes[] = {&alarm.settingsSha256, &alarm.serviceSha256, &alarm.timerSha256,
                                      &alarm.mailSocketSha256, &alarm.mailServiceSha256};
        for (size_t i = 0; i < v.size(); ++i) {
            if (i < std::size(flags)) {
                if (v[i] != "0" && v[i] != "1")
                    return false;
                *flags[i] = v[i] == "1";
                continue;
            }
            if (!matches(QString::fromLatin1(v[i]), QStringLiteral("([0-9a-f]{64})?")))
                return false;
            *hashes[i - std::size(flags)] = v[i];
        }
        return true;
    }

    bool takeRenewals(const std::vector<QByteArray> &v)
    {
        RenewalTestSeen &seen = m_facts.renewalTest;
        bool *const flags[] = {&seen.any, &seen.running, &seen.busy};
        for (size_t i = 0; i < std::size(flags); ++i) {
            if (v[i] != "0" && v[i] != "1")
                return false;
            *flags[i] = v[i] == "1";
        }
        static const QString hash = QStringLiteral("([0-9a-f]{64})?");
        seen.serviceSha256 = v[3];
        seen.timerSha256 = v[4];
        return matches(QString::fromLatin1(v[3]), hash) && matches(QString::fromLatin1(v[4]), hash);
    }

    bool takeRehearsed(const std::vector<QByteArray> &v)
    {
        const auto at = timeOf(v[1]);
        if (!at || !at->isValid() || (v[2] != "0" && v[2] != "1"))
            return false;
        return m_facts.renewalTest.ended
            .emplace(QString::fromLatin1(v[0]), RenewalRehearsed{*at, v[2] == "1", shownLine(v[3])})
            .second;
    }

    bool takeAttempt(const std::vector<QByteArray> &v)
    {
        constexpr size_t mostAttempts = 500;
        static const std::map<QByteArray, AcmeEnd> ends = {
            {"issued", AcmeEnd::Issued}, {"failed", AcmeEnd::Failed}, {"limited", AcmeEnd::Limited}};
        const auto end = ends.find(v[1]);
        const auto at = timeOf(v[0]), until = timeOf(v[4]);
        if (end == ends.end() || !at || !until || !at->isValid() || m_facts.acmeAttempts.size() >= mostAttempts ||
            !matches(QString::fromLatin1(v[3]), QStringLiteral("[a-z0-9.,-]{1,26000}")))
            return false;
        AcmeAttempt attempt{*at, end->second, shownLine(v[2]), {}, *until};
        for (const QByteArray &name : v[3].split(','))
            attempt.names.push_back(QString::fromLatin1(name));
        m_facts.acmeAttempts.push_back(std::move(attempt));
        return true;
    }

    /// Seconds since 1970; 0: none.
    static std::optional<QDateTime> timeOf(const QByteArray &text)
    {
        bool number = false;
        const qint64 n = text.toLongLong(&number);
        if (!number || n < 0 || n >= 253402300800LL)
            return std::nullopt;
        return n == 0 ? QDateTime() : QDateTime::fromSecsSinceEpoch(n, Qt::UTC);
    }

    // A list comes in one line, or in one for each.
    bool takeSshd(const std::vector<QByteArray> &v)
    {
        constexpr size_t mostWords = 1000;
        const QString key = QString::fromLatin1(v[0]);
        if (!matches(key, QStringLiteral("[a-z]{1,40}")))
            return false;
        std::vector<QString> &words = m_facts.push.sshd[key];
        for (size_t i = 1; i < v.size(); ++i) {
            if (words.size() >= mostWords)
                return false;
            words.push_back(shownLine(v[i]));
        }
        return m_facts.push.sshd.size() <= 20;
    }

    bool takeFile(const std::vector<QByteArray> &v)
    {
        const QString path = QString::fromLatin1(v[0]);
        RemoteFile file;
        file.sha256 = v[1];
        file.content = v[3];
        if (!isManagedPath(path) || !matches(QString::fromLatin1(v[1]), QStringLiteral("([0-9a-f]{64})?")))
            return false;
        if (!file.sha256.isEmpty()) {
            bool octal = false;
            file.mode = v[2].toInt(&octal, 8);
            if (!octal || file.mode < 0 || file.mode > 07777)
                return false;
        }
        return m_facts.files.emplace(path, std::move(file)).second;
    }

    bool once(const QByteArray &key) { return m_once.insert(key).second; }

    VpsFacts m_facts;
    std::set<QByteArray> m_once;
};

} // namespace

QByteArray vpsFactsInput(const FactsQuestions &questions)
{
    QByteArray input = resource(u"vps/facts.pl") + "__END__\n";
    for (const QString &package : questions.packages)
        input += "package " + package.toLatin1() + '\n';
    for (const FactsQuestions::File &file : questions.files)
        input += "file " + file.sha256 + (file.secret ? " secret " : " plain ") + file.path.toLatin1() + '\n';
    return input;
}

Known<VpsFacts> parseVpsFacts(const QByteArray &answer)
{
    return Reader().read(answer);
}

Known<VpsFacts> readVpsFacts(RemoteHost &host, const FactsQuestions &questions, const Deadline &deadline,
                             std::stop_token stop)
{
    const auto ran = host.perl(vpsFactsInput(questions), deadline, stop, {}, mostAnswer);
    if (!ran)
        return passOn(ran);
    if (ran->status != 0)
        return fail(ErrorCode::Protocol, Texts::tr("The VPS could not tell its facts."),
                    Texts::tr("perl ended with status %1: %2").arg(ran->status).arg(shownLine(ran->err)),
                    Texts::tr("Log in to the VPS and see whether \"perl -v\" works."));
    auto facts = parseVpsFacts(ran->out);
    if (!facts)
        return facts;
    for (const FactsQuestions::File &file : questions.files) {
        if (!facts->files.count(file.path))
            return strange(Texts::tr("Nothing about \"%1\".").arg(file.path));
    }
    return facts;
}

} // namespace sixgate
