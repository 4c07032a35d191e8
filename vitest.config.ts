/**
 * The tests: all of them in Node, and the op and layer contracts once more in headless Chromium, on a page with and
 * one without cross-origin isolation. Without a Chromium or Chrome on the machine the latter are left out.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const browsers = [
  process.env.VARVE_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
const executablePath = browsers.find((path) => path !== undefined && existsSync(path));
if (!executablePath) {
  console.log("Browser tests are left out: no Chromium found (name one in VARVE_CHROMIUM).");
}

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));
const resolve = {
  alias: {
    "varve/contrib": source("frontends/contrib/index.ts"),
    "varve/neupy": source("frontends/neupy/index.ts"),
    varve: source("index.ts"),
    "#platform": source("platform/node.ts"),
    "#keras": source("keras/save.ts"),
  },
};
const resolveInBrowser = { alias: { ...resolve.alias, "#platform": source("platform/other.ts") } };

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

function inBrowser(name: string, isolated: boolean) {
  return {
    resolve: resolveInBrowser,
    server: { headers: isolated ? isolation : {} },
    test: {
      name,
      include: [
        "src/ops/**/*.test.ts",
        "src/layers/**/*.test.ts",
        "src/devices/**/*.test.ts",
        "test/browser/**/*.test.ts",
      ],
      testTimeout: 120_000,
      setupFiles: ["test/setup.ts"],
      provide: { isolated },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: {
            executablePath: executablePath as string,
            args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"],
          },
        }),
        instances: [{ browser: "chromium" as const }],
      },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: "node",
          setupFiles: ["test/setup.ts"],
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["test/browser/**"],
          testTimeout: 120_000,
        },
      },
      ...(executablePath ? [inBrowser("browser", false), inBrowser("browser-isolated", true)] : []),
    ],
  },
});

declare module "vitest" {
  interface ProvidedContext {
    /** Whether the page is served with cross-origin isolation. */
    isolated: boolean;
  }
}
