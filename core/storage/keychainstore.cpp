#include "model/texts.h"
#include "storage/files.h"
#include "storage/json.h"
#include "storage/secretstores.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QThread>

#include <qt6keychain/keychain.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <sys/stat.h>

namespace sixgate
{

namespace
{

const QString Service = QStringLiteral("sixgate");
constexpr int IndexSchema = 1;

/// The one thread on which all keychain jobs run: QtKeychain queues them in an object that belongs to the thread of the
/// first one, so there cannot be a second thread. It ends with the application.
class KeychainThread
{
public:
    static KeychainThread &instance()
    {
        static KeychainThread thread;
        return thread;
    }
    void post(std::function<void()> work)
    {
        QMetaObject::invokeMethod(&m_worker, std::move(work), Qt::QueuedConnection);
    }

private:
    KeychainThread()
    {
        m_thread.setObjectName(QStringLiteral("keychain"));
        m_worker.moveToThread(&m_thread);
        m_thread.start();
        qAddPostRoutine([] { instance().end(); });
    }
    ~KeychainThread() { end(); }
    void end()
    {
        m_thread.quit();
        m_thread.wait();
    }

    QThread m_thread;
    QObject m_worker;
};

/// What a job answered; shared with the job, which may finish after the caller has given up.
struct Answer {
    std::mutex mutex;
    std::condition_variable_any arrived;
    bool done = false;
    QKeychain::Error error = QKeychain::NoError;
    QString text;
    Secret value;
};

/// Runs one job to its end, the deadline or the stop. `prepare` and `take` run on the keychain's thread.
template <class Job>
Result<std::shared_ptr<Answer>> runJob(const QString &key, std::function<void(Job &)> prepare,
                                       std::function<Secret(Job &)> take, const Deadline &deadline,
                                       std::stop_token stop)
{
    const auto answer = std::make_shared<Answer>();
    KeychainThread::instance().post([=] {
        auto *job = new Job(Service); // deletes itself after finished()
        job->setKey(key);
        job->setInsecureFallback(false);
        prepare(*job);
        QObject::connect(job, &QKeychain::Job::finished, job, [=](QKeychain::Job *finished) {
            const std::scoped_lock guard(answer->mutex);
            answer->error = finished->error();
            answer->text = finished->errorString();
            if (finished->error() == QKeychain::NoError)
                answer->value = take(*job);
            answer->done = true;
            answer->arrived.notify_all();
        });
        job->start();
    });
    std::unique_lock lock(answer->mutex);
    if (answer->arrived.wait_for(lock, stop, deadline.left(), [&] { return answer->done; }))
        return answer;
    if (stop.stop_requested())
        return fail(ErrorCode::Cancelled, Texts::tr("Stopped while waiting for the keychain."));
    return fail(ErrorCode::Unavailable, Texts::tr("The keychain does not answer."),
                Texts::tr("It may be waiting for someone to unlock it."),
                Texts::tr("Unlock the keychain in your desktop session, or name another place for the secrets: "
                          "--secrets dir:PATH."));
}

/// The error of a finished job that is not EntryNotFound.
tl::unexpected<Error> failJob(const Answer &answer)
{
    const QString fix = Texts::tr("Unlock the keychain in your desktop session, or name another place for the "
                                  "secrets: --secrets dir:PATH.");
    switch (answer.error) {
    case QKeychain::AccessDeniedByUser:
    case QKeychain::AccessDenied:
        return fail(ErrorCode::Denied, Texts::tr("The keychain refused access."), answer.text, fix);
    default:
        return fail(ErrorCode::Unavailable, Texts::tr("There is no keychain here, or it is locked."), answer.text, fix);
    }
}

/// The desktop's keychain through QtKeychain: service `sixgate`, key `<site>/<secret>`.
class KeychainStore final : public SecretStore
{
public:
    KeychainStore(const Label &site, QString indexPath) : m_site(site.text()), m_indexPath(std::move(indexPath)) {}

    Result<Secret> get(const QString &name, const Deadline &deadline, std::stop_token stop) override
    {
        if (const auto good = checkSecretName(name); !good)
            return passOn(good);
        const auto answer = runJob<QKeychain::ReadPasswordJob>(
            key(name), [](auto &) {}, [](auto &job) { return Secret(job.binaryData()); }, deadline, stop);
        if (!answer)
            return passOn(answer);
        if ((*answer)->error == QKeychain::EntryNotFound)
            return failMissing(name);
        if ((*answer)->error != QKeychain::NoError)
            return failJob(**answer);
        return std::move((*answer)->value);
    }

    Outcome set(const QString &name, const Secret &value, const Deadline &deadline, std::stop_token stop) override
    {
        if (const auto good = checkSecretName(name); !good)
            return good;
        if (const auto good = checkSecretValue(name, value); !good)
            return good;
        const auto copy = std::make_shared<Secret>(value.clone());
        const auto answer = runJob<QKeychain::WritePasswordJob>(
            key(name), [copy](auto &job) { job.setBinaryData(copy->reveal()); }, [](auto &) { return Secret(); },
            deadline, stop);
        if (!answer)
            return passOn(answer);
        if ((*answer)->error != QKeychain::NoError)
            return failJob(**answer);
        auto names = list();
        if (!names)
            return passOn(names);
        if (std::find(names->begin(), names->end(), name) != names->end())
            return {};
        names->push_back(name);
        return saveIndex(*names);
    }

    Result<std::vector<QString>> list() override
    {
        const auto text = readIfThere(m_indexPath, 1024 * 1024);
        if (!text)
            return passOn(text);
        if (!*text)
            return std::vector<QString>();
        auto names = parseIndex(**text);
        if (!names)
            return fail(ErrorCode::Invalid,
                        Texts::tr("The list of the secrets in the keychain cannot be read: %1").arg(m_indexPath),
                        names.error().summary,
                        Texts::tr("Move the file away and set the secrets once more; the keychain keeps them."));
        return names;
    }

    Outcome remove(const QString &name, const Deadline &deadline, std::stop_token stop) override
    {
        if (const auto good = checkSecretName(name); !good)
            return good;
        // libsecret removes what is not there, or is locked, with success: look first.
        if (const auto value = get(name, deadline, stop); !value)
            return passOn(value);
        auto names = list();
        if (!names)
            return passOn(names);
        const auto answer = runJob<QKeychain::DeletePasswordJob>(
            key(name), [](auto &) {}, [](auto &) { return Secret(); }, deadline, stop);
        if (!answer)
            return passOn(answer);
        if ((*answer)->error == QKeychain::EntryNotFound)
            return failMissing(name);
        if ((*answer)->error != QKeychain::NoError)
            return failJob(**answer);
        std::erase(*names, name);
        return saveIndex(*names);
    }

    QString place() const override { return Texts::tr("the keychain"); }

private:
    QString key(const QString &name) const { return m_site + QLatin1Char('/') + name; }

    /// A locked keychain that cannot ask anybody answers "not found" too: the list of names tells the two apart.
    tl::unexpected<Error> failMissing(const QString &name)
    {
        const auto names = list();
        if (!names || std::find(names->begin(), names->end(), name) == names->end())
            return failNoSecret(name, place());
        return fail(ErrorCode::Unavailable,
                    Texts::tr("The keychain does not give the secret %1, which was stored there: it is locked, or "
                              "the entry was removed.")
                        .arg(name),
                    {},
                    Texts::tr("Unlock the keychain, or store it again with: sixgatectl secret set %1; or name "
                              "another place for the secrets: --secrets dir:PATH.")
                        .arg(name));
    }

    static Result<std::vector<QString>> parseIndex(const QByteArray &text)
    {
        const auto document = parseJson(text, Texts::tr("The file"));
        if (!document)
            return passOn(document);
        const auto root = JsonFields::open(*document, {"schema", "names"});
        if (!root)
            return passOn(root);
        const auto schema = jsonInteger(root->at("schema"), IndexSchema, IndexSchema, IndexSchema);
        if (!schema)
            return passOn(schema);
        const auto items = jsonList(root->at("names"), "[]");
        if (!items)
            return passOn(items);
        std::vector<QString> names;
        for (const JsonNode &item : *items) {
            const auto name = jsonText(item, "\"dns.main.key\"");
            if (!name)
                return passOn(name);
            names.push_back(*name);
        }
        return names;
    }

    Outcome saveIndex(std::vector<QString> names) const
    {
        std::sort(names.begin(), names.end());
        QJsonArray items;
        for (const QString &name : names)
            items.append(name);
        const QJsonObject root{{QStringLiteral("schema"), IndexSchema}, {QStringLiteral("names"), items}};
        if (const auto made = makePrivateFolder(QFileInfo(m_indexPath).absolutePath()); !made)
            return made;
        return writeAtomically(m_indexPath, QJsonDocument(root).toJson());
    }

    QString m_site;
    /// A file of its own beside the state, so that storing a secret never races with an `apply` that saves the state.
    QString m_indexPath;
};

} // namespace

std::unique_ptr<SecretStore> makeKeychainStore(const Label &siteName, const QString &indexPath)
{
    return std::make_unique<KeychainStore>(siteName, indexPath);
}

} // namespace sixgate
