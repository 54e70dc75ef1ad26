#include "apply/bundle.h"

#include "model/texts.h"
#include "resources/resources.h"

#include <QCryptographicHash>
#include <QRegularExpression>

#include <archive.h>
#include <archive_entry.h>

#include <memory>

namespace sixgate
{

namespace
{

tl::unexpected<Error> unfit(const Change &change, const QString &value)
{
    return fail(ErrorCode::Invalid,
                Texts::tr("The change %1 holds a value that the VPS would not take.").arg(change.id),
                Texts::tr("The value is \"%1\".").arg(value));
}

bool matches(const QString &text, const QString &pattern)
{
    return QRegularExpression(QRegularExpression::anchoredPattern(pattern)).match(text).hasMatch();
}

bool isWord(const QString &text)
{
    return matches(text, QStringLiteral("[A-Za-z0-9][A-Za-z0-9.+_-]*"));
}

bool isPath(const QString &text)
{
    return matches(text, QStringLiteral("/etc/(sixgate|apache2/sites-available)/[A-Za-z0-9._/-]+")) &&
           !matches(text, QStringLiteral(".*/\\.\\.?(/.*)?|.*//.*"));
}

bool isHash(const QByteArray &sha256)
{
    return matches(QString::fromLatin1(sha256), QStringLiteral("[0-9a-f]{64}"));
}

QByteArray orDash(const QByteArray &text)
{
    return text.isEmpty() ? QByteArray("-") : text;
}

// One step a change; the visitor's answer is the line without its end.
struct StepWriter {
    const Change &change;
    std::vector<QByteArray> &blobs;

    QByteArray begin(const char *kind) const { return QByteArray(kind) + '\t' + change.id.toLatin1(); }

    Result<QByteArray> words(const char *kind, const std::vector<QString> &list) const
    {
        QByteArray line = begin(kind);
        if (list.empty())
            return unfit(change, {});
        for (const QString &one : list) {
            if (!isWord(one))
                return unfit(change, one);
            line += '\t' + one.toLatin1();
        }
        return line;
    }

    Result<QByteArray> operator()(const SetRecords &) const { return unfit(change, change.object); }
    Result<QByteArray> operator()(const InstallPackages &a) const { return words("packages", a.packages); }
    Result<QByteArray> operator()(const EnableModules &a) const { return words("modules", a.modules); }
    Result<QByteArray> operator()(const EnableSite &a) const { return words("site", {a.site}); }

    Result<QByteArray> operator()(const WriteFile &a) const
    {
        if (!isPath(a.path))
            return unfit(change, a.path);
        if (a.mode < 0 || a.mode > 07777)
            return unfit(change, QString::number(a.mode, 8));
        if (!a.expectedSha256.isEmpty() && !isHash(a.expectedSha256))
            return unfit(change, QString::fromLatin1(a.expectedSha256));
        blobs.push_back(a.content);
        return begin("write") + '\t' + a.path.toLatin1() + '\t' + QByteArray::number(a.mode, 8).rightJustified(3, '0') +
               '\t' + orDash(a.expectedSha256) + '\t' +
               QCryptographicHash::hash(a.content, QCryptographicHash::Sha256).toHex() + '\t' +
               QByteArray::number(qint64(blobs.size() - 1));
    }

    Result<QByteArray> operator()(const DeleteFile &a) const
    {
        if (!isPath(a.path))
            return unfit(change, a.path);
        if (!isHash(a.expectedSha256))
            return unfit(change, QString::fromLatin1(a.expectedSha256));
        return begin("delete") + '\t' + a.path.toLatin1() + '\t' + a.expectedSha256;
    }

    Result<QByteArray> operator()(const ObtainCertificate &a) const
    {
        if (!isWord(a.lineage))
            return unfit(change, a.lineage);
        if (!a.handOver && !a.delegatedTo && !isPath(a.credentialsPath))
            return unfit(change, a.credentialsPath);
        const qint64 seconds = a.propagation.count();
        if (seconds < 0 || seconds > 9999)
            return unfit(change, QString::number(seconds));
        if (a.names.empty())
            return unfit(change, {});
        QStringList names;
        for (const Hostname &name : a.names)
            names << name.ascii();
        return begin("certificate") + '\t' + a.lineage.toLatin1() + '\t' + a.directory.text().toUtf8().toBase64() +
               '\t' + (a.mail ? a.mail->text().toUtf8().toBase64() : QByteArray("-")) + '\t' +
               (a.handOver      ? "http\t" + a.handOver->ascii().toLatin1()
                : a.delegatedTo ? "delegated\t" + a.delegatedTo->ascii().toLatin1()
                                : QByteArray::number(seconds) + '\t' + a.credentialsPath.toLatin1()) +
               '\t' + names.join(QLatin1Char(',')).toLatin1();
    }

    Result<QByteArray> operator()(const ActivateRelease &a) const
    {
        static const QString identifier = QStringLiteral("[0-9a-f]{16}");
        if (!matches(a.releaseId, identifier))
            return unfit(change, a.releaseId);
        if (!a.expectedId.isEmpty() && !matches(a.expectedId, identifier))
            return unfit(change, a.expectedId);
        return begin("activate") + '\t' + a.releaseId.toLatin1() + '\t' + orDash(a.expectedId.toLatin1());
    }

    Result<QByteArray> operator()(const OpenPorts &a) const
    {
        QStringList ports;
        for (const int port : a.ports)
            ports << QString::number(port);
        QString list = ports.join(QLatin1Char(','));
        const bool visitors = a.traffic == Traffic::Visitors;
        const QString own = visitors                           ? QStringLiteral("80|443|80,443")
                            : a.traffic == Traffic::Challenges ? QStringLiteral("80")
                                                               : QStringLiteral("53");
        if (!matches(list, own))
            return unfit(change, list);
        if (a.traffic == Traffic::Challenges)
            list += QLatin1String("/6");
        const QByteArray line = begin("firewall") + '\t' + list.toLatin1();
        if (a.firewall == FirewallKind::Ufw)
            return line + "\tufw";
        const QString families = visitors                           ? QStringLiteral("inet|ip")
                                 : a.traffic == Traffic::Challenges ? QStringLiteral("inet|ip6")
                                                                    : QStringLiteral("inet|ip6?");
        if (!matches(a.family, families))
            return unfit(change, a.family);
        for (const QString &name : {a.table, a.chain}) {
            if (!matches(name, QStringLiteral("[A-Za-z_][A-Za-z0-9_.-]{0,127}")))
                return unfit(change, name);
        }
        return line + "\tnftables\t" + a.family.toLatin1() + '\t' + a.table.toLatin1() + '\t' + a.chain.toLatin1();
    }

    Result<QByteArray> operator()(const GoBack &a) const
    {
        for (const QString &id : {a.releaseId, a.expectedId}) {
            if (!matches(id, QStringLiteral("[0-9a-f]{16}")))
                return unfit(change, id);
        }
        return begin("back") + '\t' + a.releaseId.toLatin1() + '\t' + a.expectedId.toLatin1();
    }

    Result<QByteArray> operator()(const RemoveAll &a) const
    {
        return begin("remove") + '\t' + (a.keepPackages ? "keep" : "purge");
    }

    Result<QByteArray> operator()(const ForgetCertificate &a) const { return words("forget", {a.lineage}); }

    Result<QByteArray> operator()(const SetUpRenewalTest &a) const
    {
        return begin("renewals") + (a.on ? "\ton" : "\toff");
    }

    Result<QByteArray> operator()(const SetUpPush &a) const { return begin("push") + (a.on ? "\ton" : "\toff"); }

    Result<QByteArray> operator()(const SetUpAlarm &a) const
    {
        if (!a.settings)
            return begin("alarm") + "\toff";
        blobs.push_back(*a.settings);
        return begin("alarm") + "\ton\t" + QByteArray::number(qint64(blobs.size() - 1)) + '\t' +
               QCryptographicHash::hash(*a.settings, QCryptographicHash::Sha256).toHex();
    }
};

class TarWriter
{
public:
    TarWriter() : m_archive(archive_write_new(), &archive_write_free)
    {
        archive_write_set_format_ustar(m_archive.get());
        archive_write_set_bytes_per_block(m_archive.get(), 0);
        m_good = archive_write_open(m_archive.get(), this, nullptr, &TarWriter::append, nullptr) == ARCHIVE_OK;
    }

    void add(const QByteArray &path, const QByteArray &content)
    {
        const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                                  &archive_entry_free);
        archive_entry_set_pathname(entry.get(), path.constData());
        archive_entry_set_size(entry.get(), content.size());
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_perm(entry.get(), 0600);
        m_good = m_good && archive_write_header(m_archive.get(), entry.get()) == ARCHIVE_OK &&
                 archive_write_data(m_archive.get(), content.constData(), size_t(content.size())) == content.size();
    }

    Result<QByteArray> finish()
    {
        m_good = m_good && archive_write_close(m_archive.get()) == ARCHIVE_OK;
        if (!m_good)
            return fail(ErrorCode::Internal, Texts::tr("The bundle for the VPS could not be packed."),
                        QString::fromUtf8(archive_error_string(m_archive.get())));
        return std::move(m_bytes);
    }

private:
    static la_ssize_t append(archive *, void *self, const void *bytes, size_t size)
    {
        static_cast<TarWriter *>(self)->m_bytes.append(static_cast<const char *>(bytes), qsizetype(size));
        return la_ssize_t(size);
    }

    std::unique_ptr<archive, decltype(&archive_write_free)> m_archive;
    QByteArray m_bytes;
    bool m_good = false;
};

} // namespace

Result<QByteArray> deploymentSteps(const std::vector<Change> &changes, std::vector<QByteArray> &blobs)
{
    QByteArray steps;
    for (const Change &change : changes) {
        if (!matches(change.id, QStringLiteral("[a-z0-9][a-z0-9.-]*")))
            return unfit(change, change.id);
        auto line = std::visit(StepWriter{change, blobs}, change.action);
        if (!line)
            return line;
        steps += *line + '\n';
    }
    return steps;
}

Result<QByteArray> deploymentBundle(const std::vector<Change> &changes, const RunOwner &owner)
{
    std::vector<QByteArray> blobs;
    auto steps = deploymentSteps(changes, blobs);
    if (!steps)
        return steps;
    TarWriter tar;
    // One script for Perl, several files for those who read it.
    QByteArray script;
    for (QStringView part : {u"run", u"certificates", u"rehearsal", u"delegation", u"dns", u"renewals", u"packages",
                             u"push", u"alarm", u"remove", u"apache", u"firewall", u"undo", u"tools"})
        script += resource(QStringLiteral("vps/%1.pl").arg(part));
    tar.add("run.pl", script);
    for (size_t i = 0; i < blobs.size(); ++i)
        tar.add("files/" + QByteArray::number(qint64(i)), blobs[i]);
    tar.add("owner", "who " + owner.who.toUtf8().toBase64() + "\nversion " + owner.version.toUtf8().toBase64() + '\n');
    tar.add("steps", *steps);
    return tar.finish();
}

} // namespace sixgate
