#pragma once

#include <QWidget>

class QCheckBox;
class QLabel;

namespace sixgate
{

/// Where things are; for people to read.
struct SettingsTexts {
    QString siteFile;
    QString secrets; ///< "the keychain", as sixgatectl has it
    QString version;
};

/// What a user may choose of the program itself. Each choice holds at once, and is remembered.
class SettingsPage : public QWidget
{
    Q_OBJECT

public:
    /// `autostartFile`: the desktop entry that begins Sixgate with the session (Desktop Application Autostart
    /// Specification); `command`: what it runs.
    SettingsPage(const SettingsTexts &texts, QString autostartFile, QStringList command, QWidget *parent = nullptr);

    /// Whether closing the window leaves Sixgate watching in the tray.
    static bool staysInTray();

Q_SIGNALS:
    void staysChanged(bool stays);
    void setsUp();

private:
    void setAutostart(bool on);

    QString m_autostartFile;
    QStringList m_command;
    QCheckBox *m_autostart;
    QCheckBox *m_stays;
    QLabel *m_wrong;
};

/// The text of such a desktop entry; arguments are quoted as the Desktop Entry Specification wants it.
QByteArray autostartEntry(const QStringList &command);

} // namespace sixgate
