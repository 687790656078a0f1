/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For so long it takes to close one. */
#define SLOW_DESCRIPTOR_SECONDS 10

/* The descriptor of a TCP connection that is full and lingers; by closing @other it is let go. */
int slow_descriptor_new (int *other);
