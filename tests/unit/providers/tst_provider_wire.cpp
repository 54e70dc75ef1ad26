// Each provider by its table: what goes over the wire, what the answers mean, and what the policy makes of it. A table
// is tables/NAME.json; README.md there explains it.

#include "tables.h"

#include "apply/providerclient.h"
#include "decide/providerrules.h"
#include "decide/providertalks.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

using namespace sixgate;
using namespace sixgate::test;
using namespace std::chrono_literals;

namespace
{

std::unique_ptr<ProviderTalk> talkOf(const QJsonObject &provider, const QJsonObject &one,
                                     const ProviderDefinition &definition)
{
    const Hostname zone = *Hostname::parse(provider[QStringLiteral("zone")].toString());
    const Hostname name =
        *Hostname::parse(one.value(QStringLiteral("name"))
                             .toString(provider[QStringLiteral("name")].toString(QStringLiteral("cloud.example.org"))));
    auto talk = [&]() -> Result<std::unique_ptr<ProviderTalk>> {
        if (one.contains(QStringLiteral("text")))
            return textTalk(definition, zone,
                            {{name, one[QStringLiteral("text")].toString().toLatin1(),
                              !one[QStringLiteral("gone")].toBool(), one[QStringLiteral("challenge")].toBool(true)}});
        if (one.contains(QStringLiteral("read")))
            return readTalk(definition, zone,
                            {{name, one[QStringLiteral("read")].toString() == QStringLiteral("A") ? RecordType::A
                                                                                                  : RecordType::AAAA}});
        const auto pair = [&](const char *key, const char *standard) {
            const QStringList given = strings(one[QLatin1String(key)]);
            return std::pair(given.value(0, QString::fromLatin1(standard)), given.value(1, QStringLiteral("?")));
        };
        const auto v4 = pair("v4", "198.51.100.10");
        const auto v6 = pair("v6", "2001:db8:1::11");
        return addressTalk(
            definition, zone,
            {{name, familyGoal<Ipv4Address>(v4.first, v4.second), familyGoal<Ipv6Address>(v6.first, v6.second)}});
    }();
    if (!talk)
        qFatal("%s", qPrintable(talk.error().summary));
    return std::move(*talk);
}

QString outcomeText(const RecordOutcome &outcome)
{
    QStringList words{recordTypeName(outcome.key.type), answerMeaningName(outcome.answer.meaning)};
    if (outcome.answer.after)
        words.append(QString::number(outcome.answer.after->count()));
    if (outcome.seen) {
        for (const QString &value : *outcome.seen)
            words.append(value);
    }
    return words.join(QLatin1Char(' '));
}

/// When another value might be sent, after this: "now", "wait SECONDS", "stopped"; empty where nothing was sent.
QString policyAfter(const ProviderDefinition &provider, const ProviderAnswer &answer)
{
    const auto outcome = updateOutcome(answer, QStringLiteral("this"));
    if (!outcome)
        return {};
    if (concernsNameAlone(answer))
        return QStringLiteral("stopped"); // the name; what else the account has goes on
    const UpdateRules rules = providerRules(provider);
    const QDateTime now(QDate(2026, 11, 27), QTime(10, 0), Qt::UTC);
    PaceState state = noteUpdate({}, rules, {UpdateOutcome::What::Sending, QStringLiteral("this"), {}}, now);
    // Also after a restart.
    state = noteRestart(noteUpdate(state, rules, *outcome, now), now);
    const MayUpdate may = mayUpdate(rules, state, QStringLiteral("another"), now);
    switch (may.verdict) {
    case UpdateVerdict::Now:
        return QStringLiteral("now");
    case UpdateVerdict::Wait:
        return QStringLiteral("wait %1").arg(now.secsTo(may.at));
    case UpdateVerdict::Stopped:
        return QStringLiteral("stopped");
    case UpdateVerdict::Unneeded:
        break;
    }
    return QStringLiteral("unneeded");
}

} // namespace

class TestProviderWire : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    Identity m_authority;

private Q_SLOTS:
    void initTestCase()
    {
        Wish wish;
        wish.authority = true;
        wish.commonName = "authority";
        m_authority = makeIdentity(wish);
        trustOnly(m_authority, m_folder.path());
    }

    // Each definition that speaks HTTP has a table, with all that must be in it.
    void everyProviderHasItsTable()
    {
        for (const auto &[name, provider] : loadProviders({}).providers) {
            if (!provider.update && !provider.api)
                continue;
            QStringList cases;
            const QJsonArray all = table(name.text())[QStringLiteral("cases")].toArray();
            for (const QJsonValue &one : all)
                cases.append(one[QStringLiteral("case")].toString());
            for (const char *must : {"set both", "set AAAA only", "unchanged", "delete", "wrong credential",
                                     "rate limited", "outage", "redirect", "garbage"})
                QVERIFY2(cases.contains(QString::fromLatin1(must)),
                         qPrintable(name.text() + QStringLiteral(" lacks ") + QString::fromLatin1(must)));
            const bool texts = provider.texts != ProviderWay::None;
            QVERIFY2(!texts || cases.contains(QStringLiteral("add a text")), qPrintable(name.text()));
            QVERIFY2(!texts || cases.contains(QStringLiteral("remove a text")), qPrintable(name.text()));
            QVERIFY2(provider.readBack != ReadBack::Api || cases.contains(QStringLiteral("read back")),
                     qPrintable(name.text()));
        }
    }

    void cases_data()
    {
        QTest::addColumn<QString>("provider");
        QTest::addColumn<int>("index");
        for (const QString &file : QDir(tables).entryList({QStringLiteral("*.json")}, QDir::Files, QDir::Name)) {
            const QString name = file.chopped(5);
            const QJsonArray all = table(name)[QStringLiteral("cases")].toArray();
            for (int i = 0; i < all.size(); ++i)
                QTest::addRow("%s: %s", qPrintable(name), qPrintable(all.at(i)[QStringLiteral("case")].toString()))
                    << name << i;
        }
    }

    void cases()
    {
        QFETCH(QString, provider);
        QFETCH(int, index);
        const QJsonObject all = table(provider);
        const QJsonObject one = all[QStringLiteral("cases")].toArray().at(index).toObject();
        const ProviderDefinition used = definitionOf(all, provider);

        std::vector<Expected> script;
        std::vector<QByteArray> hosts{all[QStringLiteral("host")].toString().toUtf8()};
        const QJsonArray steps = one[QStringLiteral("talk")].toArray();
        for (const QJsonValue &step : steps) {
            script.push_back(expected(all, step.toObject()));
            hosts.push_back(script.back().host);
        }
        Conformance server(m_authority, hosts, script);
        ProviderClient client(used, credentials(all), server.find());
        const auto talk = talkOf(all, one, used);
        const auto outcomes = client.carry(*talk, Deadline::after(10s), {});
        const QString first = outcomes.empty() ? QString() : outcomes.front().answer.sentence;
        QVERIFY2(server.complaint().isEmpty(), qPrintable(server.complaint() + QStringLiteral("; told: ") + first));

        QStringList told;
        for (const RecordOutcome &outcome : outcomes)
            told.append(outcomeText(outcome));
        QCOMPARE(told, strings(one[QStringLiteral("outcome")]));
        QCOMPARE(outcomes.empty() ? QString() : policyAfter(used, outcomes.back().answer),
                 one[QStringLiteral("policy")].toString());
        const QJsonObject given = all[QStringLiteral("credentials")].toObject();
        for (const RecordOutcome &outcome : outcomes) {
            for (const QString &name : given.keys()) {
                const bool secret =
                    std::any_of(used.needs.begin(), used.needs.end(), [&](const CredentialField &field) {
                        return field.secret && field.name.text() == name;
                    });
                QVERIFY(!secret || !(outcome.answer.sentence + outcome.answer.word).contains(given[name].toString()));
            }
            if (one.contains(QStringLiteral("sentence")))
                QVERIFY2(outcome.answer.sentence.contains(one[QStringLiteral("sentence")].toString()),
                         qPrintable(outcome.answer.sentence));
        }
        std::set<QByteArray> distinct;
        for (const Expected &step : script)
            distinct.insert(step.host);
        QCOMPARE(server.connections(), int(distinct.size())); // one each, however many requests
    }
};

QTEST_GUILESS_MAIN(TestProviderWire)
#include "tst_provider_wire.moc"
