#include "decide/acmetalk.h"

#include "decide/provideranswers.h"
#include "decide/providercalls.h"
#include "model/texts.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace sixgate
{

namespace
{

using Encoding = RequestPiece::Encoding;

constexpr auto prefix = "_acme-challenge.";
constexpr qsizetype leastMasked = 4; // octets

/// The calls of an API, with those that write among them.
std::vector<const ProviderCall *> apiCalls(const RestApi &api,
                                           std::initializer_list<const std::optional<ProviderCall> *> writing)
{
    std::vector<const ProviderCall *> calls{&api.read.call, &api.remove};
    for (const auto *one : writing) {
        if (*one)
            calls.push_back(&**one);
    }
    if (api.zone)
        calls.push_back(&api.zone->call);
    if (api.action)
        calls.push_back(&api.action->poll);
    return calls;
}

/// The calls for TXT records.
std::vector<const ProviderCall *> textCalls(const ProviderDefinition &provider)
{
    if (provider.texts == ProviderWay::Api && provider.api)
        return apiCalls(*provider.api, {&provider.api->set, &provider.api->create});
    if (provider.texts == ProviderWay::Template && provider.text)
        return {&provider.text->add, &provider.text->remove};
    return {};
}

/// The calls for addresses.
std::vector<const ProviderCall *> addressCalls(const ProviderDefinition &provider)
{
    if (provider.addresses == ProviderWay::Api && provider.api)
        return apiCalls(*provider.api, {&provider.api->set, &provider.api->create, &provider.api->change});
    if (provider.addresses == ProviderWay::Template && provider.update)
        return {&provider.update->call};
    return {};
}

/// All templates of a JSON body.
void addTemplates(const QJsonValue &value, QStringList &all)
{
    if (value.isString())
        all << value.toString();
    const QJsonArray items = value.toArray();
    for (const QJsonValue &item : items)
        addTemplates(item, all);
    const QJsonObject members = value.toObject();
    for (const QJsonValue &member : members)
        addTemplates(member, all);
}

/// Those that stand in the calls, or in what goes with each.
std::vector<CredentialField> credentialsOf(const ProviderDefinition &provider,
                                           const std::vector<const ProviderCall *> &calls)
{
    QStringList texts;
    if (!calls.empty())
        texts = provider.headers + QStringList{provider.userAgent};
    for (const ProviderCall *call : calls) {
        texts << call->url << call->query << call->form << call->header;
        addTemplates(call->json, texts);
    }
    QStringList used;
    for (const QString &text : texts)
        used += placeholdersOf(text);
    std::vector<CredentialField> fields;
    std::copy_if(provider.needs.begin(), provider.needs.end(), std::back_inserter(fields),
                 [&](const CredentialField &one) { return used.contains(one.name.text()); });
    return fields;
}

QByteArray jsonEscaped(const QByteArray &utf8)
{
    const QByteArray list = QJsonDocument(QJsonArray{QString::fromUtf8(utf8)}).toJson(QJsonDocument::Compact);
    return list.mid(2, list.size() - 4);
}

/// A secret in each form in which it is sent; too short a one is in every other word.
void addMasked(QJsonArray &mask, const QByteArray &secret)
{
    if (secret.size() < leastMasked)
        return;
    for (const QByteArray &form : {secret, secret.toPercentEncoding(), jsonEscaped(secret)}) {
        const QJsonValue text(QString::fromUtf8(form));
        if (!mask.contains(text))
            mask.append(text);
    }
}

QString encodingName(Encoding encoding)
{
    switch (encoding) {
    case Encoding::Percent:
        return QStringLiteral("percent");
    case Encoding::Json:
        return QStringLiteral("json");
    case Encoding::Header:
        break;
    }
    return QStringLiteral("plain");
}

class Compiler
{
public:
    Compiler(const DnsAccount &account, const ProviderDefinition &provider,
             const std::map<QString, Secret> &credentials)
        : m_provider(provider), m_credentials(credentials)
    {
        const auto ttl =
            std::clamp(account.ttl, provider.leastTtl, std::max(provider.mostTtl, provider.leastTtl)).count();
        m_known = {{QStringLiteral("zone"), account.zone.ascii()},
                   {QStringLiteral("type"), QStringLiteral("TXT")},
                   {QStringLiteral("ttl"), QString::number(ttl)}};
        for (const char *name : {"host", "owner", "ownerLabel", "value"})
            m_later[QLatin1String(name)] = QLatin1String(name);
        if (provider.texts == ProviderWay::Api) {
            // What an API calls a record's label is that of the text's owner.
            m_later[QStringLiteral("label")] = QStringLiteral("ownerLabel");
            for (const char *name : {"zoneId", "recordId", "action"})
                m_later[QLatin1String(name)] = QLatin1String(name);
        } else {
            m_later[QStringLiteral("label")] = m_later[QStringLiteral("labels")] = QStringLiteral("label");
            m_later[QStringLiteral("hosts")] = QStringLiteral("host");
        }
    }

    Result<QJsonObject> talk()
    {
        QJsonObject out;
        const bool api = m_provider.texts == ProviderWay::Api;
        out[QStringLiteral("way")] = !api                       ? QStringLiteral("template")
                                     : m_provider.api->byRecord ? QStringLiteral("record")
                                                                : QStringLiteral("rrset");
        if (api)
            addApi(out);
        else
            addTemplate(out);
        if (!m_fault)
            return passOn(m_fault);
        return out;
    }

private:
    void addTemplate(QJsonObject &out)
    {
        const TemplateText &text = *m_provider.text;
        out[QStringLiteral("add")] = call(text.add);
        out[QStringLiteral("remove")] = call(text.remove);
        QJsonArray readers;
        for (const AnswerReader &reader : text.answers.readers)
            readers.append(readerObject(reader));
        out[QStringLiteral("readers")] = readers;
        out[QStringLiteral("statuses")] = statuses(text.answers.statuses);
    }

    void addApi(QJsonObject &out)
    {
        const RestApi &api = *m_provider.api;
        out[QStringLiteral("quoted")] = api.quotedText;
        if (api.zone)
            out[QStringLiteral("zoneId")] = question(*api.zone);
        out[QStringLiteral("read")] = question(api.read);
        if (api.set)
            out[QStringLiteral("set")] = call(*api.set);
        if (api.create)
            out[QStringLiteral("create")] = call(*api.create);
        out[QStringLiteral("remove")] = call(api.remove);
        if (api.action)
            out[QStringLiteral("action")] = QJsonObject{{QStringLiteral("id"), api.action->id},
                                                        {QStringLiteral("status"), api.action->status},
                                                        {QStringLiteral("done"), api.action->done},
                                                        {QStringLiteral("failed"), api.action->failed},
                                                        {QStringLiteral("poll"), call(api.action->poll)}};
        if (api.success)
            out[QStringLiteral("success")] = QJsonArray{api.success->first, api.success->second};
        out[QStringLiteral("errorText")] = api.errorText;
        out[QStringLiteral("statuses")] = statuses(api.statuses);
    }

    QJsonObject call(const ProviderCall &one)
    {
        const auto request = unfilledRequest(m_provider, one, m_known, m_later);
        if (!request) {
            note(request.error());
            return {};
        }
        QJsonArray headers;
        for (const RequestHeader &header : request->headers) {
            m_basic = header.basic;
            QJsonArray value = pieces(header.value);
            if (header.basic)
                value = basic(header.value, value);
            m_basic = false;
            headers.append(QJsonArray{QString::fromLatin1(header.name), value});
        }
        const quint16 port = request->port.number();
        return {{QStringLiteral("method"), QString::fromLatin1(request->method)},
                {QStringLiteral("server"),
                 request->host.ascii() + (port == 443 ? QString() : QStringLiteral(":%1").arg(port))},
                {QStringLiteral("target"), pieces(request->target)},
                {QStringLiteral("headers"), headers},
                {QStringLiteral("body"), pieces(request->body)}};
    }

    QJsonObject question(const RestQuestion &one)
    {
        QJsonArray matches;
        for (const auto &[place, text] : one.matches) {
            QJsonArray wanted;
            for (const TemplatePart &cut : templateParts(text)) {
                const auto known = m_known.find(cut.text);
                const auto later = m_later.find(cut.text);
                if (!cut.placeholder)
                    addText(wanted, cut.text);
                else if (known != m_known.end())
                    addText(wanted, known->second);
                else if (later != m_later.end())
                    wanted.append(put(later->second, Encoding::Header));
                else
                    note({ErrorCode::Invalid,
                          Texts::tr("The definition of %1 has the unknown placeholder {%2}.")
                              .arg(m_provider.title, cut.text),
                          text,
                          {}});
            }
            matches.append(QJsonArray{place, wanted});
        }
        return {{QStringLiteral("call"), call(one.call)},
                {QStringLiteral("items"), one.items},
                {QStringLiteral("matches"), matches},
                {QStringLiteral("id"), one.id},
                {QStringLiteral("values"), one.values}};
    }

    static QJsonObject put(const QString &name, Encoding encoding)
    {
        return {{QStringLiteral("put"), name}, {QStringLiteral("as"), encodingName(encoding)}};
    }

    static void addText(QJsonArray &out, const QString &text)
    {
        if (text.isEmpty())
            return;
        if (!out.isEmpty() && out.last().isString())
            out[out.size() - 1] = out.last().toString() + text;
        else
            out.append(text);
    }

    QJsonArray pieces(const RequestText &text)
    {
        QJsonArray out, before;
        for (const RequestPiece &piece : text) {
            if (piece.credential == QLatin1String("=each")) {
                before = std::exchange(out, {});
            } else if (piece.credential == QLatin1String("=end")) {
                before.append(QJsonObject{{QStringLiteral("each"), out}});
                out = std::exchange(before, {});
            } else if (piece.credential.startsWith(QLatin1Char('='))) {
                out.append(put(piece.credential.mid(1), piece.encoding));
            } else {
                addText(out, piece.credential.isEmpty() ? QString::fromUtf8(piece.text) : credential(piece));
            }
        }
        return out;
    }

    QString credential(const RequestPiece &piece)
    {
        const auto found = m_credentials.find(piece.credential);
        const QByteArray value = found == m_credentials.end() ? QByteArray() : found->second.reveal().trimmed();
        // Perl's HTTP::Tiny takes ASCII alone for a header.
        const bool header = piece.encoding == Encoding::Header && !m_basic;
        const bool odd =
            QString::fromUtf8(value).toUtf8() != value || std::any_of(value.begin(), value.end(), [header](char c) {
                const auto byte = static_cast<unsigned char>(c);
                return byte < 0x20 || byte == 0x7f || (header && byte > 0x7f);
            });
        if (value.isEmpty() || odd) {
            note({value.isEmpty() ? ErrorCode::NotFound : ErrorCode::Invalid,
                  value.isEmpty()
                      ? Texts::tr("The credential “%1” is missing.").arg(piece.credential)
                      : Texts::tr("The credential “%1” has a character that cannot be sent.").arg(piece.credential),
                  {},
                  Texts::tr("Store it as the provider shows it.")});
            return {};
        }
        switch (piece.encoding) {
        case Encoding::Percent:
            return QString::fromLatin1(value.toPercentEncoding());
        case Encoding::Json:
            return QString::fromUtf8(jsonEscaped(value));
        case Encoding::Header:
            break;
        }
        return QString::fromUtf8(value);
    }

    /// RFC 7617: nothing of it may be left for later, and a user name with a colon would end there.
    QJsonArray basic(const RequestText &text, const QJsonArray &filled)
    {
        const QString pair = filled.first().toString();
        QString user;
        for (const RequestPiece &piece : text) {
            if (piece.credential.isEmpty() && piece.text.contains(':'))
                break;
            user += piece.credential.isEmpty() ? QString::fromUtf8(piece.text) : credential(piece);
        }
        if (filled.size() != 1 || !filled.first().isString() || user.contains(QLatin1Char(':')))
            note({ErrorCode::Invalid,
                  Texts::tr("The user name for %1 has a character that cannot be sent.").arg(m_provider.title),
                  {},
                  Texts::tr("Store it as the provider shows it.")});
        return {QStringLiteral("Basic ") + QString::fromLatin1(pair.toUtf8().toBase64())};
    }

    static QJsonObject ruleObject(const AnswerRule &rule)
    {
        const bool good = rule.means == AnswerMeaning::Done || rule.means == AnswerMeaning::Unchanged;
        return {{QStringLiteral("word"), rule.word}, {QStringLiteral("good"), good}, {QStringLiteral("say"), rule.say}};
    }

    static QJsonObject statuses(const std::map<int, AnswerRule> &rules)
    {
        QJsonObject out;
        for (const auto &[status, rule] : rules)
            out[QString::number(status)] = ruleObject(rule);
        return out;
    }

    static QJsonObject readerObject(const AnswerReader &reader)
    {
        static const std::map<AnswerReader::By, QString> names = {
            {AnswerReader::By::Lines, QStringLiteral("lines")},
            {AnswerReader::By::First, QStringLiteral("first")},
            {AnswerReader::By::Contains, QStringLiteral("contains")},
            {AnswerReader::By::Json, QStringLiteral("json")},
            {AnswerReader::By::Header, QStringLiteral("header")},
        };
        QJsonArray rules;
        for (const AnswerRule &rule : reader.rules)
            rules.append(ruleObject(rule));
        if (reader.dyndns2) {
            for (const AnswerRule &rule : dyndns2Words())
                rules.append(ruleObject(rule));
        }
        return {
            {QStringLiteral("by"), names.at(reader.by)},
            {QStringLiteral("place"), reader.by == AnswerReader::By::Header ? reader.place.toLower() : reader.place},
            {QStringLiteral("text"), reader.text},
            {QStringLiteral("words"), rules}};
    }

    void note(Error error)
    {
        if (m_fault)
            m_fault = tl::unexpected<Error>(std::move(error));
    }

    const ProviderDefinition &m_provider;
    const std::map<QString, Secret> &m_credentials;
    Variables m_known;
    Variables m_later;
    bool m_basic = false; ///< what is filled in is encoded again
    Outcome m_fault;
};

} // namespace

std::vector<CredentialField> textCredentials(const ProviderDefinition &provider)
{
    return credentialsOf(provider, textCalls(provider));
}

std::vector<CredentialField> addressCredentials(const ProviderDefinition &provider)
{
    return credentialsOf(provider, addressCalls(provider));
}

Result<QByteArray> acmeTalk(const DnsAccount &account, const ProviderDefinition &provider,
                            const std::vector<Hostname> &names, const std::map<QString, Secret> &credentials,
                            std::chrono::seconds wait)
{
    if (textCalls(provider).empty())
        return fail(ErrorCode::Invalid, Texts::tr("%1 sets no text records by HTTP.").arg(provider.title), {},
                    Texts::tr("Give the services \"challenge\": \"http\"."));
    auto talk = Compiler(account, provider, credentials).talk();
    if (!talk)
        return passOn(talk);
    // An API may answer with names as people write them.
    QJsonObject spellings;
    const QString label = QLatin1String(prefix);
    const auto spell = [&](const QString &ascii, const QString &display) {
        if (ascii != display.toLower())
            spellings[display.toLower()] = ascii;
    };
    spell(account.zone.ascii(), account.zone.display());
    for (const Hostname &name : names) {
        spell(label + name.ascii(), label + name.display());
        if (name.isWithin(account.zone) && name != account.zone)
            spell(label + name.ascii().chopped(account.zone.ascii().size() + 1),
                  label + name.display().chopped(account.zone.display().size() + 1));
    }
    QStringList secrets;
    QJsonArray mask;
    for (const CredentialField &one : textCredentials(provider)) {
        if (!one.secret)
            continue;
        secrets << dnsAcmeCredentialSecret(account, one.name);
        if (const auto found = credentials.find(one.name.text()); found != credentials.end())
            addMasked(mask, found->second.reveal().trimmed());
    }
    (*talk)[QStringLiteral("sixgate")] = 1;
    (*talk)[QStringLiteral("title")] = provider.title;
    (*talk)[QStringLiteral("zone")] = account.zone.ascii();
    (*talk)[QStringLiteral("wait")] = qint64(wait.count());
    (*talk)[QStringLiteral("spellings")] = spellings;
    // Their names, for what is told; their values stand in the calls alone.
    (*talk)[QStringLiteral("secrets")] = secrets.join(QStringLiteral(", "));
    // A provider may quote them in its answer.
    (*talk)[QStringLiteral("mask")] = mask;
    return QJsonDocument(*talk).toJson(QJsonDocument::Indented);
}

QString reachOf(const ProviderDefinition &provider)
{
    return provider.challenges.reach.isEmpty()
               ? Texts::tr("do all that these credentials are good for at %1").arg(provider.title)
               : provider.challenges.reach;
}

QString acmeHookPath()
{
    return QStringLiteral("/etc/sixgate/acme/hook.pl");
}

} // namespace sixgate
