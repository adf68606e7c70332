/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_BASE_VERSION_H
#define WASL_BASE_VERSION_H

/* The one place that names the version in the code; meson.build's project() says the same. */
#define BASE_VERSION "0.1.0"

#endif
