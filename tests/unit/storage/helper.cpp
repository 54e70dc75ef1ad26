// What the tests of the storage room run as another process:
//
//   storage_helper secret get|set|remove NAME [VALUE]   in the keychain, with five seconds for an answer
//   storage_helper secret list
//   storage_helper lock SITE                            says "held", then holds the lock until standard input ends
//   storage_helper remember SITE ACCOUNT…               folds each account into the memory, one update each
//   storage_helper write PATH                           replaces the file without end: all a, all b, all a …
//
// Secrets: exit 0 and the value, or exit 1 and the error's code, summary and fix, one a line.

#include "storage/files.h"
#include "storage/memory.h"
#include "storage/secrets.h"
#include "storage/state.h"

#include <QCoreApplication>

#include <cstdio>

using namespace sixgate;

namespace
{

int report(const Error &error)
{
    for (const QString &line : {errorCodeName(error.code), error.summary, error.fix})
        std::printf("%s\n", qPrintable(line));
    return 1;
}

int secret(const QStringList &words)
{
    auto store = openSecretStore(QStringLiteral("keychain"), *Label::parse(QStringLiteral("home")));
    if (!store)
        return report(store.error());
    const auto deadline = Deadline::after(std::chrono::seconds(5));
    if (words.value(0) == QLatin1String("get")) {
        const auto value = (*store)->get(words.value(1), deadline, {});
        if (!value)
            return report(value.error());
        std::printf("%s\n", value->reveal().toHex().constData());
        return 0;
    }
    if (words.value(0) == QLatin1String("list")) {
        const auto names = (*store)->list();
        if (!names)
            return report(names.error());
        for (const QString &name : *names)
            std::printf("%s\n", qPrintable(name));
        return 0;
    }
    const Outcome done =
        words.value(0) == QLatin1String("set")
            ? (*store)->set(words.value(1), Secret(QByteArray::fromHex(words.value(2).toLatin1())), deadline, {})
            : (*store)->remove(words.value(1), deadline, {});
    return done ? 0 : report(done.error());
}

int lock(const QString &site)
{
    const auto held = lockSite(*Label::parse(site), Deadline::after(std::chrono::seconds(5)), {});
    if (!held)
        return report(held.error());
    std::puts("held");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return 0;
}

int remember(const QString &site, const QStringList &accounts)
{
    for (const QString &account : accounts) {
        const Outcome done = updateMemory(*Label::parse(site), [&account](SiteMemory memory) {
            memory.accounts[*Label::parse(account)] = {QDateTime::fromSecsSinceEpoch(0, Qt::UTC), true, QString()};
            return memory;
        });
        if (!done)
            return report(done.error());
    }
    return 0;
}

int write(const QString &path)
{
    for (int i = 0;; ++i) {
        if (auto done = writeAtomically(path, QByteArray(300000, i % 2 ? 'b' : 'a')); !done)
            return report(done.error());
    }
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList words = QCoreApplication::arguments().mid(1);
    if (words.value(0) == QLatin1String("secret"))
        return secret(words.mid(1));
    if (words.value(0) == QLatin1String("lock"))
        return lock(words.value(1));
    if (words.value(0) == QLatin1String("remember"))
        return remember(words.value(1), words.mid(2));
    if (words.value(0) == QLatin1String("write"))
        return write(words.value(1));
    return 2;
}
