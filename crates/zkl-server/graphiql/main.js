// The page of GraphiQL over the server's GraphQL face. What is typed as key or token is kept as long as the page is open, and nowhere else.
import { GraphiQL } from "graphiql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { setNonce } from "get-nonce";
import { createClient } from "graphql-ws";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import "graphiql/style.css";
import "./page.css";

// Dialogs add a style, which the policy allows to whoever has this.
setNonce(document.querySelector("script[nonce]")?.nonce ?? "");

const token = document.getElementById("token");
const who = () => {
    const text = token.value.trim();
    return text === "" ? {} : { authorization: `Bearer ${text}` };
};

const url = new URL("/graphql", location.href);
const socket = new URL(url);
socket.protocol = url.protocol === "https:" ? "wss:" : "ws:";

const fetcher = createGraphiQLFetcher({
    url: url.href,
    fetch: (place, request) => fetch(place, { ...request, headers: { ...request.headers, ...who() } }),
    wsClient: createClient({ url: socket.href, connectionParams: who }),
    enableIncrementalDelivery: false,
});

const example = `# What the key may see. Ctrl-Space completes, Ctrl-Enter asks.
{
  datasets {
    nodes {
      name
      version {
        index
        recordedAt
      }
    }
  }
}
`;

createRoot(document.getElementById("graphiql")).render(
    createElement(GraphiQL, { fetcher, defaultQuery: example, isHeadersEditorEnabled: false, showPersistHeadersSettings: false }),
);
