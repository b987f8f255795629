// SPDX-License-Identifier: Apache-2.0
// generate.cjs FOLDER: what Zigbee2MQTT would publish about each device that it
// knows, without a radio: its discovery messages and its own list of devices,
// a JSON object a line.  The package is used as a library; what it makes is
// for this run alone.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const { createRequire } = require("module");

const folder = path.resolve(process.argv[2]);
const data = fs.mkdtempSync(path.join(os.tmpdir(), "durward-z2m-"));
process.env.ZIGBEE2MQTT_DATA = data;
fs.writeFileSync(path.join(data, "configuration.yaml"), `
mqtt: {base_topic: zigbee2mqtt, server: 'mqtt://localhost'}
serial: {port: /dev/null}
homeassistant: {enabled: true}
availability: {enabled: true}
advanced: {log_output: []}
`);

const inside = createRequire(path.join(folder, "node_modules/zigbee2mqtt/package.json"));
const dist = path.join(folder, "node_modules/zigbee2mqtt/dist");
const settings = inside(path.join(dist, "util/settings.js"));
settings.reRead();
const logger = inside(path.join(dist, "util/logger.js")).default;
for (const level of ["debug", "info", "warning", "error"]) logger[level] = () => {};
const HomeAssistant = inside(path.join(dist, "extension/homeassistant.js")).default;
const converters = inside("zigbee-herdsman-converters");
const herdsman = path.dirname(inside.resolve("zigbee-herdsman-converters"));

function definitions() {
    const all = [];
    for (const file of fs.readdirSync(path.join(herdsman, "devices")).sort()) {
        if (!file.endsWith(".js") || file === "index.js") continue;
        const list = inside(path.join(herdsman, "devices", file)).definitions;
        if (Array.isArray(list)) all.push(...list);
    }
    return all;
}

async function main() {
    const published = [];
    const extension = new HomeAssistant(
        { getCoordinatorVersion: async () => ({ type: "none", meta: {} }),
          devicesIterator: function* () {}, groupsIterator: function* () {},
          devicesAndGroupsIterator: function* () {}, resolveEntity: () => undefined },
        { publish: async (topic, payload, options) =>
              published.push([`${(options && options.baseTopic) || "homeassistant"}/${topic}`, payload]),
          subscribe: async () => {}, unsubscribe: async () => {} },
        { get: () => ({}), exists: () => true }, async () => {}, new Proxy({}, { get: () => () => {} }),
        async () => {}, async () => {}, async () => {});
    extension.zigbee2MQTTVersion = "2";
    extension.discoveryOrigin = { name: "Zigbee2MQTT", sw: "2", url: "https://www.zigbee2mqtt.io" };
    extension.bridge = { ID: "bridge", isDevice: () => false, isGroup: () => false };
    extension.bridgeIdentifier = "zigbee2mqtt_bridge";
    const list = [];
    let failed = 0;
    let n = 0;
    for (const raw of definitions()) {
        n++;
        const address = `0x${n.toString(16).padStart(16, "0")}`;
        let definition;
        try {
            definition = converters.prepareDefinition(raw);
        } catch {
            failed++;
            continue;
        }
        const name = `${definition.vendor} ${definition.model} ${n}`.replace(/[+#]/g, "-");
        const zh = { endpoints: [], manufacturerName: definition.vendor, modelID: definition.model,
                     ieeeAddr: address, type: "Router", getEndpoint: () => undefined };
        const device = {
            ID: address, ieeeAddr: address, name, zh, definition, interviewed: true,
            options: { ID: address, friendly_name: name }, isDevice: () => true, isGroup: () => false,
            endpoint: () => undefined, endpointName: () => undefined, isSupported: true,
            exposes: () => typeof definition.exposes === "function"
                ? definition.exposes({ isDummyDevice: true }, {}) : definition.exposes,
        };
        try {
            await extension.discover(device);
            list.push({
                ieee_address: address, type: "Router", friendly_name: name, supported: true,
                definition: { model: definition.model, vendor: definition.vendor,
                              description: definition.description, supports_ota: !!definition.ota,
                              exposes: device.exposes() } });
        } catch (e) {
            failed++;
            if (process.env.GENERATE_LOUD) console.error(definition.model, e);
        }
    }
    for (const [topic, payload] of published)
        process.stdout.write(JSON.stringify({ topic, payload }) + "\n");
    process.stdout.write(JSON.stringify({ devices: list }) + "\n");
    process.stdout.write(JSON.stringify({ definitions: n, failed }) + "\n");
    fs.rmSync(data, { recursive: true, force: true });
}

main().catch((e) => { console.error(e); process.exit(1); });
