// Definitions of providers: those that come with Sixgate, those of the user, and files that are refused.

#include "resources/resources.h"
#include "storage/providerfile.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTemporaryFile>
#include <QTest>

using namespace sixgate;

namespace
{

QStringList definitions()
{
    QStringList files;
    for (const QString &file : resourceNames(u"providers")) {
        if (!file.endsWith(QStringLiteral(".schema.json")))
            files.append(file);
    }
    return files;
}

QByteArray definitionText(const QString &file)
{
    return resource(QStringLiteral("providers/") + file);
}

/// Another implementation of JSON Schema. One process for all questions: each takes a line, and gives one.
class SchemaJudge
{
public:
    SchemaJudge()
    {
        if (!m_schema.open())
            qFatal("no temporary file");
        m_schema.write(resource(u"providers/provider.schema.json"));
        m_schema.flush();
        m_python.start(QStringLiteral("/usr/bin/python3"),
                       {QStringLiteral("-c"),
                        QStringLiteral("import json, sys, jsonschema\n"
                                       "schema = json.load(open(sys.argv[1]))\n"
                                       "jsonschema.Draft202012Validator.check_schema(schema)\n"
                                       "judge = jsonschema.Draft202012Validator(schema)\n"
                                       "for line in sys.stdin:\n"
                                       "    bad = [one.message for one in judge.iter_errors(json.loads(line))]\n"
                                       "    print(json.dumps(bad) if bad else 'valid', flush=True)\n"),
                        m_schema.fileName()});
    }
    ~SchemaJudge()
    {
        m_python.closeWriteChannel();
        m_python.waitForFinished();
    }

    /// "valid", or what is wrong.
    QByteArray judge(const QByteArray &text)
    {
        m_python.write(QJsonDocument::fromJson(text).toJson(QJsonDocument::Compact) + '\n');
        while (!m_python.canReadLine()) {
            if (!m_python.waitForReadyRead(10000))
                qFatal("%s", m_python.readAllStandardError().constData());
        }
        return m_python.readLine().trimmed();
    }

private:
    QTemporaryFile m_schema;
    QProcess m_python;
};

/// The keys of one object of the schema, and of those below it.
void collectKeys(const QJsonValue &value, QSet<QString> &keys)
{
    if (value.isArray()) {
        const QJsonArray items = value.toArray();
        for (const QJsonValue &item : items)
            collectKeys(item, keys);
    }
    const QJsonObject object = value.toObject();
    for (auto member = object.constBegin(); member != object.constEnd(); ++member) {
        if (member.key() == QLatin1String("properties") && member.value().toObject().begin()->isObject()) {
            for (const QString &key : member.value().toObject().keys())
                keys.insert(key);
        }
        collectKeys(member.value(), keys);
    }
}

/// A definition with one place changed: "update.v4.omitted" = JSON, or without it where `json` is empty.
QJsonValue changed(const QJsonValue &value, const QStringList &path, const QByteArray &json)
{
    if (path.isEmpty())
        return QJsonDocument::fromJson('[' + json + ']').array().first();
    if (value.isArray()) {
        QJsonArray array = value.toArray();
        const int index = path.first().toInt();
        array[index] = changed(array.at(index), path.mid(1), json);
        return array;
    }
    QJsonObject object = value.toObject();
    if (path.size() == 1 && json.isEmpty())
        object.remove(path.first());
    else
        object[path.first()] = changed(object.value(path.first()), path.mid(1), json);
    return object;
}

QByteArray changedText(const QString &file, const char *place, const char *json)
{
    const QJsonObject document = QJsonDocument::fromJson(definitionText(file)).object();
    return QJsonDocument(changed(document, QString::fromLatin1(place).split(QLatin1Char('.')), json).toObject())
        .toJson();
}

void write(const QString &path, const QByteArray &text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        qFatal("%s could not be written", qPrintable(path));
}

} // namespace

class TestProviderFiles : public QObject
{
    Q_OBJECT

    std::unique_ptr<SchemaJudge> m_judge;

private Q_SLOTS:
    void initTestCase() { m_judge = std::make_unique<SchemaJudge>(); }
    void cleanupTestCase() { m_judge.reset(); }

    void everyDefinitionIsGood_data()
    {
        QTest::addColumn<QString>("file");
        const QStringList files = definitions();
        QVERIFY(files.size() >= 15);
        for (const QString &file : files)
            QTest::newRow(qPrintable(file)) << file;
    }

    void everyDefinitionIsGood()
    {
        QFETCH(QString, file);
        const QByteArray text = definitionText(file);
        const auto provider = parseProvider(text);
        QVERIFY2(provider, provider ? "" : qPrintable(provider.error().summary));
        QCOMPARE(provider->name.text() + QStringLiteral(".json"), file);
        QCOMPARE(m_judge->judge(text), QByteArray("valid"));
        QVERIFY(provider->verified.date.isValid());
        for (const CredentialField &field : provider->needs)
            QVERIFY2(field.where.endsWith(QLatin1Char('.')), qPrintable(field.where));
        for (const QString &sentence : provider->verified.unproven)
            QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
    }

    void thoseOfTheFirstHourAreThere()
    {
        const auto shelf = loadProviders({});
        QVERIFY(shelf.faults.empty());
        for (const char *name : {"desec", "cloudflare", "dynv6", "ipv64", "hetzner", "strato", "duckdns", "noip",
                                 "ddnss", "ovh", "dynu", "netcup", "ionos", "rfc2136", "custom"})
            QVERIFY2(shelf.providers.contains(*Label::parse(QString::fromLatin1(name))), name);
    }

    // The parser and the schema know the same keys: each is taken at its place in some definition, or here.
    void parserAndSchemaKnowTheSameKeys()
    {
        QSet<QString> keys;
        collectKeys(QJsonDocument::fromJson(resource(u"providers/provider.schema.json")).object(), keys);
        QString code;
        for (const char *file : {"providerparse", "providertemplates", "providerways"}) {
            QFile source(QStringLiteral(SIXGATE_SOURCE_DIR "/core/storage/%1.cpp").arg(QLatin1String(file)));
            QVERIFY(source.open(QIODevice::ReadOnly));
            code += QString::fromUtf8(source.readAll());
        }
        static const QRegularExpression opened(QStringLiteral("ProviderFields fields\\([^{]*\\{([^}]*)\\}"));
        static const QRegularExpression word(QStringLiteral("\"([A-Za-z0-9]+)\""));
        QSet<QString> known;
        for (auto places = opened.globalMatch(code); places.hasNext();) {
            for (auto words = word.globalMatch(places.next().captured(1)); words.hasNext();)
                known.insert(words.next().captured(1));
        }
        QVERIFY(known.size() > 60);
        QCOMPARE(QStringList((known - keys).values()).join(QLatin1Char(' ')), QString());
        QCOMPARE(QStringList((keys - known).values()).join(QLatin1Char(' ')), QString());
        QFile page(QStringLiteral(SIXGATE_SOURCE_DIR "/resources/providers/README.md"));
        QVERIFY(page.open(QIODevice::ReadOnly));
        const QString text = QString::fromUtf8(page.readAll());
        for (const QString &key : known)
            QVERIFY2(text.contains(QStringLiteral("`%1`").arg(key)), qPrintable(key));
    }

    void refused_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("place");
        QTest::addColumn<QByteArray>("json"); // empty: without it
        QTest::addColumn<QString>("told");
        QTest::addColumn<bool>("schemaToo"); // the schema refuses it as well
        const auto row = [](const char *file, const char *place, const char *json, const char *told,
                            bool schemaToo = true) {
            QTest::addRow("%s %s = %s", file, place, json)
                << QString::fromLatin1(file) + QStringLiteral(".json") << QByteArray(place) << QByteArray(json)
                << QString::fromUtf8(told) << schemaToo;
        };
        row("strato", "schema", "2", "schema: This file was made for a newer Sixgate.");
        row("strato", "name", "\"Strato\"", "name: \"Strato\" is not a name");
        row("strato", "title", "", "title: This key is missing");
        row("strato", "secret", "1", "secret: This key is not known");
        row("strato", "addresses", "\"dyndns\"", "addresses: \"dyndns\" is not known here; known: template, api");
        row("strato", "update", "", "update: \"addresses\": \"template\" needs \"update\".");
        row("strato", "texts", "\"template\"", "text: \"texts\": \"template\" needs \"text\".");
        row("strato", "readBack", "\"api\"", "api: What goes by the API needs \"api\".");
        row("strato", "update.call.url", "\"http://dyndns.strato.com/\"", "update.call.url: \"http://dyndns");
        row("strato", "update.call.url", "\"https://{user}/\"", "update.call.url: ");
        row("strato", "update.call.url", "\"https://a b.example/\"", "update.call.url: ", false);
        row("strato", "update.call.method", "\"HEAD\"", "update.call.method: \"HEAD\" is not known");
        row("strato", "update.call.query.0", "\"hostname\"", "update.call.query[0]: NAME=VALUE");
        row("strato", "update.call.query.0", "\"hostname={hots}\"", "{hots} is not known", false);
        row("strato", "update.call.query.1", "\"myip={token}\"", "{token} is not known", false);
        row("strato", "update.call.query.1", "\"myip={address}\"", "{address} goes with \"separate\"", false);
        row("strato", "update.call.form", "[\"a=b\"]", "GET has no form", false);
        row("strato", "update.v4.omitted", "\"stays\"", "update.v4.omitted: \"stays\" is not known");
        row("strato", "update.separate", "true", "the other one must be known to stay", false);
        row("strato", "update.mostHosts", "20", "need {hosts}", false);
        row("strato", "update.answers.readers.0.by", "\"regex\"", "by: \"regex\" is not known");
        row("strato", "update.answers.readers.0.dyndns2", "false", "A reader knows words", false);
        row("strato", "verified.unproven", "[]", "verified: What is unproven must be told", false);
        row("strato", "verified.date", "\"27.11.2026\"", "verified.date: A date is wanted");
        row("strato", "verified.date", "\"2026-13-27\"", "verified.date: A date is wanted", false);
        row("strato", "limits.interval", "-1", "limits.interval: a whole number from 0");
        row("strato", "limits.windows.0.most", "0", "limits.windows[0].most: a whole number from 1");
        row("strato", "headers.0", "\"Authorization Basic\"", "headers[0]: A header is wanted");
        row("strato", "headers.0", "\"Host: {user}\"", "Sixgate sets the header Host itself", false);
        row("strato", "headers.0", "\"X: a\\r\\nY: b\"", "control characters", false);
        row("strato", "credentials.0.name", "\"host\"", "placeholder of Sixgate's own", false);
        row("strato", "credentials.1.name", "\"user\"", "stands here twice", false);
        row("cloudflare", "api.by", "\"rrset\"", "api.set: This key is missing");
        row("cloudflare", "api.create", "", "api.create: This key is missing");
        row("cloudflare", "api.read.id", "", "An API by record finds an \"id\"", false);
        row("cloudflare", "api.read.values", "", "Where the values stand", false);
        row("cloudflare", "api.zone.id", "", "Where the zone's \"id\" stands", false);
        row("cloudflare", "api.create.json.content", "\"{valeu}\"", "{valeu} is not known", false);
        row("cloudflare", "api.create.form", "[\"a=b\"]", "a form or JSON, not both");
        row("cloudflare", "limits.mostTtl", "30", "shorter than the shortest", false);
        row("strato", "update.call.url", "\"https://{server}/\"", "update.call.url: ", false);
        row("hetzner", "api.action.poll", "", "api.action.poll: This key is missing");
        // What could never succeed.
        row("strato", "update.answers.readers",
            "[{\"by\": \"first\", \"words\": [{\"word\": \"no\", \"means\": \"stop\"}]}]",
            "answers: No answer means that it went well", false);
        row("strato", "update.call.query.1", "\"a=b\"", "call: It sends no {v6}", false);
        row("strato", "update.v6", "{\"offered\": false, \"omitted\": \"kept\"}", "could not set the home's address",
            false);
        row("ipv64", "update.call.query.2", "\"a=b\"", "v4: The call sends no {v4}", false);
        row("duckdns", "text.answers.readers", "[]", "text.answers: No answer means", false);
        row("desec", "api.set.json.records", "{\"*\": {\"*\": \"{value}\"}}", "stands within another one", false);
        row("desec", "api.set.json.records", "{\"*\": \"{value}\", \"x\": 1}", "nothing else can stand in it", false);
        // Zones.
        row("duckdns", "otherZones", "", "otherZones: This key is missing");
        row("duckdns", "otherZones", "true", "\"label\" is for a provider", false);
        row("strato", "otherZones", "false", "so it must take others", false);
        row("duckdns", "names", "\"deep\"", "names: \"deep\" is not known");
        row("noip", "nameLimit.most", "0", "nameLimit.most: a whole number from 1");
        row("noip", "nameLimit.say", "", "nameLimit.say: This key is missing");
        row("ipv64", "router.parameter", "", "router.parameter: This key is missing", false);
    }

    void refused()
    {
        QFETCH(QString, file);
        QFETCH(QByteArray, place);
        QFETCH(QByteArray, json);
        QFETCH(QString, told);
        QFETCH(bool, schemaToo);
        const QByteArray text = changedText(file, place.constData(), json.constData());
        const auto provider = parseProvider(text);
        QVERIFY(!provider);
        QVERIFY2(provider.error().summary.contains(told), qPrintable(provider.error().summary));
        QCOMPARE(m_judge->judge(text) != "valid", schemaToo);
    }

    void theUsersFilesComeFirst()
    {
        const QTemporaryDir folder;
        const QString site = folder.filePath(QStringLiteral("site.json"));
        QCOMPARE(providerFolders(site),
                 (QStringList{QStringLiteral("/etc/sixgate/providers"), folder.filePath(QStringLiteral("providers"))}));
        QCOMPARE(providerFolders(QStringLiteral("/etc/sixgate/site.json")).size(), 1);
        QVERIFY(QDir(folder.path()).mkdir(QStringLiteral("providers")));
        const auto path = [&](const char *name) {
            return folder.filePath(QStringLiteral("providers/") + QLatin1String(name));
        };
        write(path("strato.json"), changedText(QStringLiteral("strato.json"), "title", "\"Mine\""));
        write(path("mine.json"), changedText(QStringLiteral("dynv6.json"), "name", "\"mine\""));
        write(path("other.json"), definitionText(QStringLiteral("dynv6.json")));
        write(path("noip.json"), changedText(QStringLiteral("noip.json"), "update.v4.omitted", "\"stays\""));
        write(path("broken.json"), "{\n  \"schema\": 1,\n}");
        write(path("huge.json"), QByteArray(300 * 1024, ' '));
        write(path("notes.txt"), "not a definition");
        const auto shelf = loadProviders(providerFolders(site));
        const auto at = [&](const char *name) -> const ProviderDefinition & {
            return shelf.providers.at(*Label::parse(QString::fromLatin1(name)));
        };
        QCOMPARE(at("strato").title, QStringLiteral("Mine"));
        QCOMPARE(at("mine").title, QStringLiteral("dynv6"));
        QCOMPARE(at("noip").title, QStringLiteral("No-IP")); // Sixgate's own stays where the user's is broken
        QCOMPARE(shelf.faults.size(), 4u);
        // File, field and remedy.
        for (const ProviderFault &fault : shelf.faults) {
            QVERIFY2(fault.error.summary.startsWith(fault.file + QStringLiteral(": ")),
                     qPrintable(fault.error.summary));
            QVERIFY(!fault.error.fix.isEmpty());
        }
        QVERIFY(shelf.faults[0].error.summary.contains(QStringLiteral("line 3, column")));
        QVERIFY(shelf.faults[2].error.summary.contains(QStringLiteral("update.v4.omitted: \"stays\" is not known")));
        QVERIFY(shelf.faults[3].error.summary.contains(QStringLiteral("dynv6.json")));
    }
};

QTEST_GUILESS_MAIN(TestProviderFiles)
#include "tst_provider_files.moc"
