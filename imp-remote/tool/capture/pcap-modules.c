/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/pcap-modules.h"

#include "tool/tool.h"

#include <string.h>

/* Do analyzers of it answer while they are fed? Those of the library and of objects that it loads
 * do. Others are in another process. */
static gboolean
pcap_modules_is_elsewhere (const char *spec)
{
  g_autofree char *name = g_strndup (spec, strcspn (spec, "="));
  g_auto (GStrv) known = imp_module_list ();

  if (g_str_has_suffix (name, ".so"))
    return FALSE;
  return g_str_equal (name, "remote") || !g_strv_contains ((const char *const *) known, name);
}

typedef struct
{
  GMainLoop *loop;
  GList *interfaces;
  GError *error;
} PcapQuestion;

static void
pcap_modules_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PcapQuestion *question = user_data;

  question->interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result,
                                                              &question->error);
  g_main_loop_quit (question->loop);
}

static gboolean
pcap_modules_ask (ImpFactory *factory, PcapQuestion *question)
{
  g_autoptr (ImpInterface) stream = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpInterface) packet = imp_interface_new (IMP_DATA_TYPE_PACKET, IMP_RESULT_FLAGS_ALL);
  g_autoptr (GList) wanted = g_list_append (g_list_append (NULL, stream), packet);

  question->loop = g_main_loop_new (NULL, FALSE);
  imp_factory_query_interfaces_async (factory, wanted, NULL, pcap_modules_on_answer, question);
  g_main_loop_run (question->loop);
  g_main_loop_unref (question->loop);
  return question->error == NULL;
}

gboolean
pcap_modules_load (Capture *capture, const char *const *modules, int *status)
{
  PcapQuestion question = { 0 };
  g_autofree char *names = NULL;

  capture->factory = tool_new_factory (modules, status);
  if (capture->factory == NULL)
    return FALSE;
  for (gsize i = 0; modules != NULL && modules[i] != NULL; i++)
    capture->is_elsewhere |= pcap_modules_is_elsewhere (modules[i]);
  names = modules != NULL ? g_strjoinv ("\", \"", (char **) modules) : g_strdup ("pass");
  if (!pcap_modules_ask (capture->factory, &question))
    {
      *status = tool_option_error ("--module", names, question.error);
      g_clear_error (&question.error);
      return FALSE;
    }
  for (GList *node = question.interfaces; node != NULL; node = node->next)
    {
      const gint32 type = imp_interface_get_data_type (node->data);

      capture->has_streams |= type == IMP_DATA_TYPE_STREAM || type == IMP_DATA_TYPE_ANY;
      capture->has_packets |= type == IMP_DATA_TYPE_PACKET || type == IMP_DATA_TYPE_ANY;
    }
  g_list_free_full (question.interfaces, (GDestroyNotify) imp_interface_unref);
  if (capture->has_streams || capture->has_packets)
    return TRUE;
  *status = tool_error ("--module \"%s\": neither streams nor packets are something for it, and "
                        "pcap has nothing else",
                        names);
  return FALSE;
}
