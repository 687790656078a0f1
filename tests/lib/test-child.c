/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-child.h"

#include "core/imp-type-factory.h"
#include "rpc/server/imp-server.h"

typedef struct
{
  ImpAnalyzer parent;
} Child;
typedef ImpAnalyzerClass ChildClass;

static GType child_get_type (void);
G_DEFINE_TYPE (Child, child, IMP_TYPE_ANALYZER)

static gboolean
child_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  if (direction == IMP_DIRECTION_FROM_SERVER)
    return TRUE;
  if (imp_analyzer_lookup_context (analyzer, "promise") != NULL)
    imp_analyzer_replace_later (analyzer, direction, 5, 11);
  imp_analyzer_pass_bytes (analyzer, direction, 5);
  return TRUE;
}

static void
child_class_init (ChildClass *klass)
{
  klass->data = child_data;
}

static void
child_init (Child *self)
{
}

int
test_child_run (const char *address)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (imp_type_factory_new (
    child_get_type (), IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE));
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;

  imp_server_listen (server, address, &error);
  g_assert_no_error (error);
  g_print ("ready\n");
  g_main_loop_run (loop);
  return 0;
}
