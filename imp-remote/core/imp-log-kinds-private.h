/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What can be logged: a row for each kind of line. Its MESSAGE_ID stays what it is whatever becomes
 * of the words; data/imp-remote.catalog and docs/logs.md have a place for each of them. The level
 * is one of syslog(3). */
#define IMP_LOG_KINDS(KIND)                                                                        \
  KIND (CONNECTION_REFUSED, "connection-refused", NOTICE, "dc7cb822120444f290bca72ff7449ebf",      \
        "A connection was refused by a rule, a limit or an analyzer")                              \
  KIND (CONNECTION_FAILED, "connection-failed", NOTICE, "a8eb6cb26ed94745bb271dbc634b1a2f",        \
        "A connection has failed")                                                                 \
  KIND (NO_ANALYZER, "no-analyzer", WARNING, "73fc6879c4034d64b8e4a1bd31459bca",                   \
        "A connection was ended, since there was no analyzer for it")                              \
  KIND (ANALYZER_LOG, "analyzer-log", NOTICE, "c4e7c79d6630479d946fbd7edb0db565",                  \
        "An analyzer has something to say; the level is its own")                                  \
  KIND (ANALYZER_ACCOUNT, "analyzer-account", NOTICE, "5561122af90b449b9c3eb425ad341ce2",          \
        "An analyzer has a field for the accounting")                                              \
  KIND (ANALYZER_VERDICT, "analyzer-verdict", INFO, "a40ee7626b43465c9e54912e8bed62cf",            \
        "A verdict of an analyzer (--verbose)")                                                    \
  KIND (ANALYZER_SILENT, "analyzer-silent", WARNING, "4e684b3ff2fb4ee7afe5038675154396",           \
        "An analyzer has said nothing for a while, and bytes wait for it")                         \
  KIND (ANALYZER_BYPASSED, "analyzer-bypassed", WARNING, "47be82e1493d46bd9b89604cefbb0267",       \
        "A connection goes on without its analyzer (a soft failure)")                              \
  KIND (BYPASS_LIMIT, "bypass-limit", WARNING, "af1b1c0b6d374bd4b5fafbdf2629bcec",                 \
        "Too many connections go on without their analyzers: further ones are refused")            \
  KIND (CANARY, "canary", INFO, "08be1c4c202640f4a16f902ccaf3715c",                                \
        "The shadow modules decide about a connection")                                            \
  KIND (SHADOW, "shadow", NOTICE, "f27f6d8b00474ee6865d1d57ddcda17f",                              \
        "What the shadow modules would have done differently")                                     \
  KIND (SHADOW_PROCESS, "shadow-process", WARNING, "e67cce378275442caa02950329accda6",             \
        "The process of the shadow modules has ended or cannot be started")                        \
  KIND (RECORDING, "recording", NOTICE, "c7025a8b78db442e99c6fd48a4edb60c",                        \
        "How much was recorded")                                                                   \
  KIND (RECORDING_FAILED, "recording-failed", WARNING, "f0d9c36e004f4fe482e9d90c87b6abde",         \
        "Connections are not recorded as they should be")                                          \
  KIND (TRACE_FAILED, "trace-failed", WARNING, "b0b9321ce7414f09964ab24ebf19183e",                 \
        "Spans are not written as they should be (--trace)")                                       \
  KIND (DATAGRAMS, "datagrams", NOTICE, "86d24ccced3e431da11bf2adba6a8f9d",                        \
        "What became of datagrams that were not forwarded")                                        \
  KIND (DATAGRAM_FAILED, "datagram-failed", NOTICE, "de97368773644e1db8fc76c7a76e08b3",            \
        "Datagrams cannot be sent, or there is no room for their client")                          \
  KIND (SCRIPT_OUTPUT, "script-output", NOTICE, "eea6e1aac3b8495f906ffea6c0ce0ee1",                \
        "A script has printed a line")                                                             \
  KIND (SCRIPT_ENDED, "script-ended", WARNING, "34cf890a55b3436b8eee6e942a8d3893",                 \
        "The process of a script has ended, or cannot be started")                                 \
  KIND (SCRIPT_RELOADED, "script-reloaded", NOTICE, "320b50c2212c401d9d07028beac372ec",            \
        "A script has changed")                                                                    \
  KIND (SCRIPT_UNCONFINED, "script-unconfined", WARNING, "b93c1c31e2bb4508b88f3cbc1d461927",       \
        "A script runs without a sandbox")                                                         \
  KIND (CLIENT_REFUSED, "client-refused", NOTICE, "6ac2c2c8aa954d788e826ccf956ad050",              \
        "A server has refused a client, or has ended its connection to have room")                 \
  KIND (ACCEPT_FAILED, "accept-failed", WARNING, "ad4d74fec3874ab79e8456debb9b8e9e",               \
        "Connections cannot be accepted or served")                                                \
  KIND (SERVER_LEFT_OUT, "server-left-out", WARNING, "c065152751ab414fb8fc56a814dd0ad2",           \
        "A server of a pool has failed, and others are asked instead")                             \
  KIND (SERVER_BACK, "server-back", NOTICE, "3ac0e89a703545a7956ec0718010b826",                    \
        "A server of a pool answers again")                                                        \
  KIND (SETTINGS, "settings", NOTICE, "bb56cb00466c4497a4b4364cfaa66e12",                          \
        "A setting cannot be used as it is, or not at once")                                       \
  KIND (ENDING, "ending", NOTICE, "9bf7c87f34cd4feab8236643bfa87a14",                              \
        "The program ends by itself, or ends what has not ended in time")                          \
  KIND (ERROR, "error", ERR, "67cbeaec757b4812a3d91e8b34325ff0",                                   \
        "The program cannot do what it was told to")                                               \
  KIND (LEFT_OUT, "left-out", NOTICE, "4284bdeefd67407b963f1ede79838751",                          \
        "Lines of one kind were left out, since there were too many (--log-rate)")                 \
  KIND (DROPPED, "dropped", WARNING, "4ec4532bcded4b10b7e4a95258f68c3b",                           \
        "Lines were lost, since nobody has read them")

typedef enum
{
  IMP_LOG_OTHER, /* of no kind */
#define IMP_LOG_KIND_SYMBOL(symbol, name, level, id, summary) IMP_LOG_##symbol,
  IMP_LOG_KINDS (IMP_LOG_KIND_SYMBOL)
#undef IMP_LOG_KIND_SYMBOL
    IMP_LOG_N_KINDS,
} ImpLogKind;

typedef struct
{
  const char *name;
  int priority; /* as in syslog(3) */
  const char *message_id;
  const char *summary;
} ImpLogKindInfo;

/* The row of one; that of IMP_LOG_OTHER has no texts. */
const ImpLogKindInfo *imp_log_kind_peek_info (ImpLogKind kind);
/* The kind with this MESSAGE_ID, or IMP_LOG_OTHER. */
ImpLogKind imp_log_kind_find (const char *message_id);

G_END_DECLS
