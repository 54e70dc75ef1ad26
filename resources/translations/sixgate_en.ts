<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>PlanRows</name>
    <message numerus="yes">
        <source>%n change(s)</source>
        <translation>
            <numerusform>One change</numerusform>
            <numerusform>%n changes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sixgate::DetailPage</name>
    <message numerus="yes">
        <source>%n day(s) left</source>
        <translation>
            <numerusform>%n day left</numerusform>
            <numerusform>%n days left</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>certificate: %n day(s)</source>
        <translation>
            <numerusform>certificate: %n day</numerusform>
            <numerusform>certificate: %n days</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sixgate::PathSteps</name>
    <message numerus="yes">
        <source>%n name(s) come through.</source>
        <translation>
            <numerusform>The name comes through.</numerusform>
            <numerusform>All %n names come through.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%1 of %n name(s) come through.</source>
        <translation>
            <numerusform>The name does not come through.</numerusform>
            <numerusform>%1 of %n names come through.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sixgate::PlanView</name>
    <message numerus="yes">
        <source>%n more line(s), which “sixgatectl plan” shows</source>
        <translation>
            <numerusform>%n more line, which “sixgatectl plan” shows</numerusform>
            <numerusform>%n more lines, which “sixgatectl plan” shows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sixgate::VpsPage</name>
    <message numerus="yes">
        <source>%n thing(s) on the VPS are not as the site file wants them: redeploy.</source>
        <translation>
            <numerusform>One thing on the VPS is not as the site file wants it: redeploy.</numerusform>
            <numerusform>%n things on the VPS are not as the site file wants them: redeploy.</numerusform>
        </translation>
    </message>
</context>
</TS>
