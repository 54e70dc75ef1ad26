#pragma once

#include "ipc/sitejobs.h"

#include <QPalette>

namespace sixgate::tests
{

/// A job that does what the test says.
class ScriptedJobs final : public SiteJobs
{
public:
    std::function<Result<JobEnd>(const JobOrder &, JobTalk &, const JobStops &)> script;

    Result<JobEnd> run(const JobOrder &order, JobTalk &talk, const JobStops &stops) override
    {
        return script(order, talk, stops);
    }
};

inline QPalette darkPalette()
{
    QPalette one;
    one.setColor(QPalette::Window, QColor(0x17, 0x1a, 0x1f));
    one.setColor(QPalette::Base, QColor(0x1d, 0x21, 0x27));
    one.setColor(QPalette::AlternateBase, QColor(0x22, 0x27, 0x2e));
    one.setColor(QPalette::Button, QColor(0x2a, 0x2f, 0x37));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        one.setColor(role, QColor(0xe8, 0xea, 0xed));
    one.setColor(QPalette::PlaceholderText, QColor(0x9a, 0xa0, 0xa6));
    one.setColor(QPalette::Highlight, QColor(0x3b, 0x6e, 0xa8));
    one.setColor(QPalette::HighlightedText, Qt::white);
    return one;
}

} // namespace sixgate::tests
