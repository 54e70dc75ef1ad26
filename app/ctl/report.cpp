#include "ctl/report.h"

#include "ctl/output.h"
#include "decide/mask.h"
#include "model/version.h"
#include "storage/files.h"
#include "transport/fd.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace sixgate::ctl
{

namespace
{

QString lines(const QString &text, const QString &before)
{
    QString out;
    for (const QString &line : harmless(text).split(QLatin1Char('\n'), Qt::SkipEmptyParts))
        out += before + line + QLatin1Char('\n');
    return out;
}

QString pathLines(const PathReport &path)
{
    QString text =
        QStringLiteral("\n%1 %2 of %3 (%4): %5, %6 ms, from %7\n")
            .arg(int(path.kind))
            .arg(pathName(path.kind), path.publicName.ascii(), path.service.text(), pathStateName(path.state))
            .arg(path.took.count())
            .arg(harmless(path.vantage));
    for (const IpAddress &one : path.addresses)
        text += QStringLiteral("    address %1\n").arg(ipText(one));
    for (const ProbeStep &one : path.steps)
        text += lines(QStringLiteral("%1 %2, %3 ms%4: %5")
                          .arg(QLatin1String(one.passed ? "+" : "-"), one.name)
                          .arg(one.took.count())
                          .arg(one.reason.isEmpty() ? QString() : QStringLiteral(", ") + one.reason, one.detail),
                      QStringLiteral("    "));
    if (path.error)
        text += lines(path.error->summary + QLatin1Char('\n') + path.error->detail, QStringLiteral("    ! "));
    return text;
}

QString conditionLines(const Condition &condition)
{
    QString text = lines(QStringLiteral("%1 %2%3").arg(
                             severityName(condition.severity), condition.code,
                             condition.about.isEmpty() ? QString() : QStringLiteral(", about ") + condition.about),
                         QStringLiteral("\n"));
    text += lines(condition.title, QStringLiteral("    "));
    for (const QString &one : condition.evidence)
        text += lines(one, QStringLiteral("    saw: "));
    if (!condition.explainedBy.isEmpty())
        text += lines(QStringLiteral("explained by %1").arg(condition.explainedBy), QStringLiteral("    "));
    text += lines(condition.remedy.text, QStringLiteral("    to do: ")) +
            lines(condition.remedy.command, QStringLiteral("    to do: "));
    for (const RouterGuide &one : condition.remedy.routers)
        text += lines(QStringLiteral("%1: %2").arg(one.router, one.text), QStringLiteral("    to do: "));
    return text;
}

} // namespace

QString reportText(const Site &site, const CheckReport &report, const QDateTime &now)
{
    QString text;
    text += QStringLiteral("\nPaths\n");
    for (const PathReport &one : report.paths)
        text += pathLines(one);
    text += QStringLiteral("\nConditions\n");
    if (report.diagnosis.roots.empty())
        text += QStringLiteral("\nnone\n");
    for (const auto *list : {&report.diagnosis.roots, &report.diagnosis.consequences}) {
        for (const Condition &one : *list)
            text += conditionLines(one);
    }
    text += QStringLiteral("\nReasoning\n\n");
    for (const Reasoning &one : report.diagnosis.reasoning)
        text += lines(one.rule, QString()) + lines(one.conclusion, QStringLiteral("    "));
    return QStringLiteral("Report of a check by Sixgate\n"
                          "\n"
                          "Addresses, names, people and keys are replaced by others, the same ones by the same\n"
                          "ones. Labels of the site file (servers, services, accounts) are as they are. Read it\n"
                          "before you show it to others.\n"
                          "\n"
                          "Version: %1\n"
                          "Time: %2\n"
                          "The check took %3 ms.\n")
               .arg(sixgateVersion(), now.toUTC().toString(Qt::ISODate))
               .arg(report.took.count()) +
           Masker(site).mask(text);
}

Outcome mayWriteReport(const QString &path, bool force)
{
    const QFileInfo info(path);
    if (info.isDir())
        return fail(ErrorCode::Invalid, QStringLiteral("--report: %1 is a folder, not a file.").arg(path));
    const QFileInfo folder(info.absolutePath());
    if (!folder.isDir())
        return fail(ErrorCode::Invalid,
                    QStringLiteral("--report: there is no folder %1; nothing was written.").arg(folder.filePath()), {},
                    QStringLiteral("Make it, or name a file in another folder."));
    // With --force as well: the new file takes the old one's place by its name.
    if (::access(QFile::encodeName(folder.filePath()).constData(), W_OK | X_OK) != 0)
        return fail(ErrorCode::Invalid,
                    QStringLiteral("--report: nothing can be written in the folder %1.").arg(folder.filePath()), {},
                    QStringLiteral("Name a file in another folder."));
    if (force || (!info.exists() && !info.isSymLink()))
        return {};
    return fail(ErrorCode::Invalid, QStringLiteral("--report: %1 is there already; nothing was written.").arg(path), {},
                QStringLiteral("Name another file, or add --force."));
}

Outcome writeReport(const QString &path, const QString &text, bool force)
{
    if (force)
        return writeAtomically(path, text.toUtf8());
    // Also where somebody was faster than this: O_EXCL follows no link either.
    const QByteArray name = QFile::encodeName(path);
    const Fd file(::open(name.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid() && errno == EEXIST)
        return mayWriteReport(path, force);
    if (!file.valid())
        return failFile(errno, QStringLiteral("write"), path);
    const QByteArray bytes = text.toUtf8();
    qsizetype done = 0;
    while (done < bytes.size()) {
        const ssize_t written = ::write(file.get(), bytes.constData() + done, size_t(bytes.size() - done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            const auto failed = failFile(errno, QStringLiteral("write"), path);
            ::unlink(name.constData());
            return failed;
        }
        done += written;
    }
    return {};
}

} // namespace sixgate::ctl
