/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_BASE_H
#define WASL_BASE_H
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "base/world.h"
#endif
