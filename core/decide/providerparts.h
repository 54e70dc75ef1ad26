#pragma once

#include "decide/providertalks.h"

namespace sixgate
{

/// What the kinds of talk share.

/// {label} of a name: what stands left of the zone; `apex` where it is the zone itself.
QString labelBelow(const QString &name, const Hostname &zone, const QString &apex);

/// The owner of a text: the name, or `_acme-challenge.` below it.
QString textOwner(const TextGoal &goal);

/// After this answer nothing else is asked of this account.
bool endsTalk(const ProviderAnswer &answer);

/// For an outcome of which nothing was sent, since `answer` ended the talk before.
ProviderAnswer spreadAnswer(const ProviderAnswer &answer);

/// The outcome of a request that got no answer.
ProviderAnswer unanswered(bool sent, const Error &why);

/// A definition's own fault, which the parser did not see.
ProviderAnswer defectAnswer(const Error &why);

std::unique_ptr<ProviderTalk> templateAddressTalk(const ProviderDefinition &provider, const Hostname &zone,
                                                  const std::vector<NameGoal> &goals);
std::unique_ptr<ProviderTalk> templateTextTalk(const ProviderDefinition &provider, const Hostname &zone,
                                               const std::vector<TextGoal> &goals);

/// What one RRset of an API is to hold.
struct RestGoal {
    enum class What {
        Exactly, ///< these values, or with none: nothing
        With,    ///< the value is among them
        Without, ///< the value is not among them
        Read,    ///< nothing is changed
    };
    RecordKey key;
    QString owner; ///< the record's own name, which may begin with an underscore
    What what = What::Exactly;
    std::vector<QString> values;
    std::chrono::seconds ttl{60};
    bool rewrite = false; ///< of Exactly: also where they stand so already
};
std::unique_ptr<ProviderTalk> restTalk(const ProviderDefinition &provider, const Hostname &zone,
                                       std::vector<RestGoal> goals);

} // namespace sixgate
